// Shows in the sample what the form would make of it, before it is sent.
const sample = document.querySelector('#preview');
const accent = document.querySelector('#accent');
const own = document.querySelector('#own_accent');
const welcome = document.querySelector('#welcome');
const logo = document.querySelector('#logo');

// What is written on a colour: white or ink, whichever stands out more (WCAG 2.2, "contrast ratio").
function onColour(hex) {
  const parts = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255);
  const [r, g, b] = parts.map((s) => (s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.18 ? '#141418' : '#ffffff';
}

function paint() {
  if (own.checked) {
    sample.style.setProperty('--accent', accent.value);
    sample.style.setProperty('--on-accent', onColour(accent.value));
  } else {
    sample.style.removeProperty('--accent');
    sample.style.removeProperty('--on-accent');
  }
  sample.querySelector('.welcome').textContent = welcome.value;
}

accent.addEventListener('input', () => {
  own.checked = true;
  paint();
});
own.addEventListener('change', paint);
welcome.addEventListener('input', paint);
logo.addEventListener('change', () => {
  const [file] = logo.files;
  if (file === undefined || !file.type.startsWith('image/')) return;
  const reader = new FileReader();
  reader.addEventListener('load', () => {
    const picture = document.createElement('img');
    picture.className = 'logo';
    picture.alt = '';
    picture.src = reader.result;
    sample.querySelector('.logo').replaceWith(picture);
  });
  reader.readAsDataURL(file);
});
