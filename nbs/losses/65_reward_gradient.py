# %% [markdown]
# # reward_gradient
#
# > The loss of a reward that passes gradients, and its backward pass in two halves: first the pictures, then the denoiser.
#
# Where a reward is differentiable, nothing need be guessed from scores: the pixels say in which direction they should change. ReFL (arXiv 2304.05977), DRaFT (arXiv 2309.17400) and SRPO's Direct-Align (arXiv 2509.06942) differ in how clean latents depend on the weights. From there on they are alike, and this page is that part.

# %%
#| default_exp losses.reward_gradient

# %%
#| export
from collections.abc import Callable, Iterable
import torch
from torch import Tensor
from inpaint_rl.core import ConfigError
from inpaint_rl.diffusion.regions import weighted_mean

# %%
#| hide
import gc,math,weakref
from fastcore.test import test_eq, test_fail
from torch.testing import assert_close

# %% [markdown]
# ## From rewards to a loss
#
# The loss is minus the weighted sum of the rewards. ReFL stops at a good reward, $\mathrm{relu}(h-r)$; SRPO's code does so too, at $h=.7$, where its HPS rewards lie near .1, so the hinge never acts, and its PickScore ones near .6, where it does. Here it is off unless it is asked for. A reward that could not be computed is NaN; it neither counts nor pulls.

# %%
#| export
def reward_loss(
    values:dict, # Name -> [B] with gradients, higher is better
    weights:dict, # Name -> number
    hinge:float|None=None, # The sum of rewards above which nothing more is asked for; None: there is no such thing
)->Tensor: # [B], exactly 0 and without gradient where a value is missing
    "What to lower"
    total = 0.
    missing = torch.stack([v.isnan() for v in values.values()]).any(0)
    for name,v in values.items(): total = total + weights[name]*torch.where(missing, 0., v)
    loss = -total if hinge is None else (hinge-total).relu()
    return torch.where(missing, 0., loss)

# %%
v = torch.tensor([.2,.9,math.nan], requires_grad=True)
loss = reward_loss({'a':v, 'b':torch.tensor([.5,.5,.5])}, {'a':1.,'b':2.})
loss.sum().backward()
print(loss.tolist(), v.grad.tolist())
assert_close(loss.detach(), torch.tensor([-1.2,-1.9,0.]))
assert_close(v.grad, torch.tensor([-1.,-1.,0.]))
assert_close(reward_loss({'a':v}, {'a':1.}, hinge=.7).detach(), torch.tensor([.5,0.,0.]))

# %% [markdown]
# ## Two halves
#
# Latents $x_0$ come of the denoiser, the loss of $x_0$ by way of autoencoder and reward. By the chain rule $\nabla_\theta L=(\partial x_0/\partial\theta)^\top g$ with $g=\nabla_{x_0}L$, and $g$ is all that the first half needs from the second. So the graph of autoencoder and reward is made on latents that are cut off, a few samples at a time and on whatever device, gives $g$, and is freed before the denoiser's backward pass begins. The gradient is the same.

# %%
#| export
def latent_gradient(
    x0:Tensor, # Latents, [B,...]; nothing of how they were made is looked at
    losses:Iterable[Callable], # Functions of latents like `x0`, each returning a scalar; their graphs never coexist
    scale:float=1., # What losses are multiplied by on their way back, where FP16 would lose small numbers
)->tuple: # (sum of the losses, 0-dim; its gradient with respect to `x0`), both without a graph
    "The half of autoencoder and rewards"
    leaf, total = x0.detach().requires_grad_(), 0.
    for f in losses:
        loss = f(leaf)
        (loss*scale).backward()
        total = total+loss.detach()
        del loss
    return total, leaf.grad/scale

def pull(
    x0:Tensor, # Latents with gradients
    g:Tensor, # What their gradient is to be
    value=0., # What the scalar is to read
)->Tensor: # 0-dim
    "The half of the denoiser: a scalar of this value, whose gradient with respect to `x0` is `g`"
    product = (x0*g.detach()).sum()
    return value + (product-product.detach())

# %%
net, judge = torch.nn.Linear(6, 6), torch.nn.Sequential(torch.nn.Linear(6, 32), torch.nn.Tanh(), torch.nn.Linear(32, 1))
noise = torch.randn(8, 6, generator=torch.Generator().manual_seed(0))
joint = judge(net(noise)).sum()
expected = torch.autograd.grad(joint, net.weight)[0]
pieces = [lambda x, k=k: judge(x[k:k+2]).sum() for k in range(0, 8, 2)]
value, g = latent_gradient(net(noise), pieces)
split = pull(net(noise), g, value)
found = torch.autograd.grad(split, net.weight)[0]
assert_close(split, joint)
assert_close(found, expected, atol=1e-6, rtol=1e-6)
print('largest difference of the gradients:', (found-expected).abs().max().item())

# %% [markdown]
# The graph of the judge is gone before the next one is made: a mark that hangs on it is alive only as long as it is.

# %%
class Mark: pass
marks = []
def watched(x):
    gc.collect()
    test_eq([m() for m in marks], [None]*len(marks))
    out, mark = judge(x).sum(), Mark()
    out.register_hook(lambda g, mark=mark: None)
    marks.append(weakref.ref(mark))
    return out
_ = latent_gradient(net(noise), [watched]*3)
test_eq(len(marks), 3)

# %% [markdown]
# ### The length of a gradient
#
# Rewards differ in scale, noise levels in gain. `unit_gradient` gives every sample a pull of one length, the direction alone being its own.

# %%
#| export
def unit_gradient(
    g:Tensor, # [B,...]
    least:float=1e-12, # A shorter one is left as it is: it has no direction
)->Tensor:
    "The gradient of each sample, at its own length 1"
    norm = g.flatten(1).norm(dim=1).reshape(-1, *[1]*(g.ndim-1))
    return torch.where(norm>least, g/norm.clamp(min=least), g)

# %%
long = torch.tensor([[3.,4.],[0.,0.],[0.,1e-3]])
assert_close(unit_gradient(long), torch.tensor([[.6,.8],[0.,0.],[0.,1.]]))

# %%
#| hide
value, half = latent_gradient(net(noise), [lambda x: judge(x).sum()], scale=1024.)
assert_close(value, joint)
assert_close(half, g, atol=1e-6, rtol=1e-5)

# %% [markdown]
# ## To stay near the base
#
# A gradient of a reward goes where the reward goes, and faster than anything else (`tutorials/12`). Three things hold it. The distance of *predictions* to the base (`losses.common.velocity_kl`). The distance of *fills* to those that the base makes of the same noise, `anchor`: a fill may change as far as the reward asks, and has to pay for it. And, for several fills of one hole, the distance of their *differences*: a change that is common to all fills of a group costs nothing, and one that brings them closer together does. With $d_i=x_i-x_i^{base}$,
#
# $$\mathrm{anchor}_i=\overline{d_i^2},\qquad \mathrm{spread}_i=\overline{(d_i-\bar d)^2},$$
#
# means over the hole, $\bar d$ over the group.

# %%
#| export
def anchor(
    x0:Tensor, # Final latents, [B,...]
    base:Tensor, # Those of the base, from the same noise
    weight=None, # Region weight; None for the full frame
)->Tensor: # [B]
    "Mean squared distance of fills to those of the base, in the hole"
    return weighted_mean((x0.float()-base.detach().float())**2, weight)

def spread_loss(
    x0:Tensor, # Final latents of whole groups, the members of a group side by side
    base:Tensor, # Those of the base, from the same noise
    group_size:int,
    weight=None, # Region weight
)->Tensor: # [B]
    "How much the fills of a group moved apart or together, beyond what they moved in common"
    if group_size<2: raise ConfigError(f'group_size={group_size}: fills of one hole are compared, so there must be two')
    d = (x0.float()-base.detach().float()).unflatten(0, (-1,group_size))
    return weighted_mean((d-d.mean(1, keepdim=True)).flatten(0,1)**2, weight)

# %%
base = torch.randn(4, 5, generator=torch.Generator().manual_seed(1))
assert_close(anchor(base+2, base), torch.full((4,), 4.))
assert_close(spread_loss(base+torch.tensor([1.,1.,3.,3.])[:,None], base, 2), torch.zeros(4)) # moved in common
apart = base-base.view(2,2,5).mean(1).repeat_interleave(2, 0)
assert_close(spread_loss(torch.zeros(4,5), base, 2), apart.square().mean(1))
test_fail(lambda: spread_loss(base, base, 1), contains='there must be two')

# %%
#| hide
w = torch.tensor([1.,1.,0.,0.,0.]).expand(4,5)
assert_close(anchor(base+w*3+(1-w)*9, base, w), torch.full((4,), 9.))
