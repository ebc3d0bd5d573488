// Lets people see the password that they type: a button beside each field, in the field's own words.
for (const field of document.querySelectorAll('input[type=password][data-show]')) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'link show';
  button.setAttribute('aria-controls', field.id);
  const say = () => {
    button.textContent = field.type === 'password' ? field.dataset.show : field.dataset.hide;
  };
  button.addEventListener('click', () => {
    field.type = field.type === 'password' ? 'text' : 'password';
    say();
    field.focus();
  });
  // Nothing that was shown is sent to be remembered as a text.
  field.form?.addEventListener('submit', () => {
    field.type = 'password';
  });
  say();
  // Below what is wrong with it, which belongs to the field.
  (document.getElementById(`fault-${field.id}`) ?? field).after(button);
}
