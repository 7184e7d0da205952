// Keys of the vote; the value of each is the end of a button's id. The buttons count only while they are seen.
() => {
  const buttons = {
    ArrowLeft: 'left', 1: 'left',
    ArrowRight: 'right', 2: 'right',
    t: 'tie', 3: 'tie',
    b: 'bad', 4: 'bad',
    u: 'undo',
  };
  const writing = 'input, textarea, select, [contenteditable], [role=slider]';
  document.addEventListener('keydown', event => {
    const other = event.repeat || event.ctrlKey || event.metaKey || event.altKey;
    if (other || !Object.hasOwn(buttons, event.key) || event.target.closest(writing)) return;
    const button = document.getElementById('vote-' + buttons[event.key]);
    if (!button || !button.offsetParent || button.disabled) return;
    event.preventDefault();
    button.click();
  });
}
