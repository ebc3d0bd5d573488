// A button beside what is to be taken elsewhere: a link, a password, a code. Its words stand in the page.
for (const source of document.querySelectorAll('[data-copy]')) {
  if (navigator.clipboard === undefined) break;
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'copy';
  button.textContent = source.dataset.copy;
  const name = source.dataset.copyName;
  if (name !== undefined) button.setAttribute('aria-label', `${source.dataset.copy} : ${name}`);
  const said = document.createElement('span');
  said.className = 'soft';
  said.setAttribute('role', 'status');
  button.addEventListener('click', async () => {
    const items = [...source.querySelectorAll('[data-copied-item]')].map(
      (item) => item.textContent,
    );
    const text = source.value ?? (items.length > 0 ? items.join('\n') : source.textContent);
    await navigator.clipboard.writeText(text.trim());
    said.textContent = source.dataset.copied;
    setTimeout(() => {
      said.textContent = '';
    }, 4000);
  });
  const place = document.createElement('span');
  place.className = 'copying';
  place.append(button, ' ', said);
  source.after(place);
}
