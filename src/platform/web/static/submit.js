// Sends the form that stands between two sites, so that nobody has to press its button.
document.getElementById('submit-form').submit();
