// Runs once per canvas. Gradio gives `element` (the component's HTML), `props` (its value) and `watch`.
const $ = selector => element.querySelector(selector);
const root = $('.painter'), view = $('.view'), stack = $('.stack'), cursor = $('.cursor');
const picture = $('canvas.picture'), layer = $('canvas.paint');
const ctx = layer.getContext('2d', {willReadFrequently: true});

let id = null;      // which picture is shown, and which of its masks
let version = 0;
let erasing = false;
let zoom = 1;
let last = null;    // of a stroke under way: {at: [x, y], rub: true where it erases}
let done = [];      // the paint before each stroke, and after each that was undone
let undone = [];

const loadImage = url => new Promise((resolve, reject) => {
  const image = new Image();
  image.onload = () => resolve(image);
  image.onerror = reject;
  image.src = url;
});
const snapshot = () => ctx.getImageData(0, 0, layer.width, layer.height);
// what the server gets with the next button that is pressed
const sendPaint = () => {
  if (id === null) return;
  props.value = JSON.stringify({id: id, version: version, paint: layer.toDataURL('image/png')});
};

const fitView = () => {
  if (!layer.width || id === null) return;
  const fit = Math.min((view.clientWidth - 2) / layer.width, (view.clientHeight - 2) / layer.height);
  stack.style.width = layer.width * fit * zoom + 'px';
  stack.style.height = layer.height * fit * zoom + 'px';
};
const setZoom = value => { zoom = value; fitView(); };
// of the picture, whatever the preview
const brushSize = () => +$('.size').value * Math.max(layer.width, layer.height) / 768;
const chooseEraser = on => {
  erasing = on;
  $('.brush').classList.toggle('on', !on);
  $('.eraser').classList.toggle('on', on);
};
const stepBack = (from, to) => {
  if (!from.length) return;
  to.push(snapshot());
  ctx.putImageData(from.pop(), 0, 0);
  sendPaint();
};

// a new value from the server: another picture, or another mask of the same
const show = async () => {
  let value;
  try { value = JSON.parse(props.value); } catch (error) { return; }
  if (!value || !value.picture) return;
  const [pixels, paint] = await Promise.all([loadImage(value.picture), loadImage(value.paint)]);
  const same = value.id === id;
  if (same) done.push(snapshot());
  else done = [];
  for (const canvas of [picture, layer]) {
    canvas.width = value.width;
    canvas.height = value.height;
  }
  picture.getContext('2d').drawImage(pixels, 0, 0);
  ctx.drawImage(paint, 0, 0);
  id = value.id;
  version = value.version;
  undone = [];
  if (!same) zoom = 1;
  fitView();
  root.dataset.shows = value.id;
  root.dataset.version = value.version;
};

// where a pointer is, in pixels of the layer
const positionOf = event => {
  const box = layer.getBoundingClientRect();
  return [(event.clientX - box.x) * layer.width / box.width, (event.clientY - box.y) * layer.height / box.height];
};
const paintLine = (from, to, rub) => {
  ctx.globalCompositeOperation = rub ? 'destination-out' : 'source-over';
  ctx.strokeStyle = ctx.fillStyle = 'rgb(232,72,48)';
  ctx.lineWidth = brushSize();
  ctx.lineCap = ctx.lineJoin = 'round';
  ctx.beginPath();
  ctx.moveTo(...from);
  ctx.lineTo(...to);
  ctx.stroke();
};
const moveCursor = event => {
  const box = layer.getBoundingClientRect();
  const size = brushSize() * box.width / layer.width;
  Object.assign(cursor.style, {
    display: 'block', width: size + 'px', height: size + 'px',
    left: event.clientX - box.x + 'px', top: event.clientY - box.y + 'px',
  });
};

layer.addEventListener('pointerdown', event => {
  if (id === null || event.button === 1) return;
  event.preventDefault();
  root.focus({preventScroll: true});
  layer.setPointerCapture(event.pointerId);
  done.push(snapshot());
  if (done.length > 20) done.shift();
  undone = [];
  // 2: the right button, 5: the other end of a pen
  last = {at: positionOf(event), rub: erasing || event.button === 2 || event.button === 5};
  paintLine(last.at, last.at, last.rub);
});
layer.addEventListener('pointermove', event => {
  moveCursor(event);
  if (!last) return;
  const between = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
  for (const e of between.concat(event)) {
    const to = positionOf(e);
    paintLine(last.at, to, last.rub);
    last.at = to;
  }
});
const endStroke = () => {
  if (!last) return;
  last = null;
  sendPaint();
};
layer.addEventListener('pointerup', endStroke);
layer.addEventListener('pointercancel', endStroke);
layer.addEventListener('pointerleave', () => { cursor.style.display = 'none'; });
layer.addEventListener('contextmenu', event => event.preventDefault());

$('.brush').onclick = () => chooseEraser(false);
$('.eraser').onclick = () => chooseEraser(true);
$('.undo').onclick = () => stepBack(done, undone);
$('.redo').onclick = () => stepBack(undone, done);
$('.zoom-in').onclick = () => setZoom(Math.min(8, zoom * 1.5));
$('.zoom-out').onclick = () => setZoom(Math.max(1, zoom / 1.5));
$('.zoom-fit').onclick = () => setZoom(1);

// the page's keys belong to the canvas while it is seen and nobody writes
const writing = 'input:not([type=range]), textarea, select, [contenteditable]';
const elsewhere = event => !root.offsetParent || event.target.closest(writing);
const keys = {
  '[': () => { $('.size').value = +$('.size').value / 1.25; },
  ']': () => { $('.size').value = Math.max(+$('.size').value + 1, +$('.size').value * 1.25); },
  'b': () => chooseEraser(false),
  'e': () => chooseEraser(true),
  'h': () => { layer.style.opacity = 0; },
};
document.addEventListener('keydown', event => {
  if (elsewhere(event)) return;
  const key = event.key.toLowerCase();
  const command = event.ctrlKey || event.metaKey;
  if (command && key === 'z') {
    if (event.shiftKey) stepBack(undone, done);
    else stepBack(done, undone);
  } else {
    if (command || event.altKey || !Object.hasOwn(keys, key)) return;
    keys[key]();
  }
  event.preventDefault();
});
document.addEventListener('keyup', event => {
  if (event.key.toLowerCase() === 'h') layer.style.opacity = '';
});

new ResizeObserver(fitView).observe(view);
watch('value', show);
show();
