// Lets people see the password that they type: an eye in each field, named in the field's own words.
const NAMESPACE = 'http://www.w3.org/2000/svg';

function drawing(address) {
  const svg = document.createElementNS(NAMESPACE, 'svg');
  svg.setAttribute('class', 'mark');
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(NAMESPACE, 'use');
  svg.append(use);
  return { svg, show: (name) => use.setAttribute('href', `${address}#${name}`) };
}

for (const field of document.querySelectorAll('input[type=password][data-show]')) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'eye';
  button.setAttribute('aria-controls', field.id);
  const { svg, show } = drawing(field.dataset.icons);
  button.append(svg);
  const say = () => {
    const isHidden = field.type === 'password';
    const words = isHidden ? field.dataset.show : field.dataset.hide;
    button.setAttribute('aria-label', words);
    button.title = words;
    show(isHidden ? 'eye' : 'eye-off');
  };
  button.addEventListener('click', () => {
    field.type = field.type === 'password' ? 'text' : 'password';
    say();
    field.focus();
  });
  // Nothing that was shown is sent to be remembered as a text.
  field.form?.addEventListener('submit', () => {
    field.type = 'password';
    say();
  });
  say();
  const frame = document.createElement('span');
  frame.className = 'shown';
  const had = document.activeElement === field;
  field.before(frame);
  frame.append(field, button);
  // A field that moves loses the focus that the page gave it.
  if (had) field.focus();
}
