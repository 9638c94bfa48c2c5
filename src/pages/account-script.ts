/**
 * The one script of the account pages, in what every browser of the last years knows. It takes the token out of the
 * address's fragment, posts it with what was typed, and tells what came of it: at each field, by a live region.
 */
export const SCRIPT = `
'use strict';
const token = new URLSearchParams(location.hash.slice(1)).get('token');
const form = document.querySelector('form');
const submit = form.querySelector('button:not([type])');
const problem = document.getElementById('problem');
const inputs = [...form.querySelectorAll('input')];

const show = (id) => {
  for (const section of document.querySelectorAll('section')) section.hidden = section.id !== id;
  const heading = document.querySelector('#' + id + ' h1[tabindex]');
  if (heading) heading.focus();
};

const setProblem = (input, message) => {
  document.getElementById(input.id + '-problem').textContent = message;
  if (message) input.setAttribute('aria-invalid', 'true');
  else input.removeAttribute('aria-invalid');
};

const sentence = (message) => {
  const text = message.charAt(0).toUpperCase() + message.slice(1);
  return /[.!?]$/.test(text) ? text : text + '.';
};

const tell = (answer, seconds) => {
  const errors = answer.errors || [];
  if (errors.some(({ path }) => path === 'token')) return show('dead');
  for (const input of inputs) {
    const error = errors.find(({ path }) => path === input.name);
    if (error) setProblem(input, sentence('It ' + error.message));
  }
  const first = inputs.find((input) => input.hasAttribute('aria-invalid'));
  if (first) return first.focus();
  const wait = seconds ? ' Try again in ' + seconds + ' seconds.' : '';
  problem.textContent = sentence(answer.message || 'Something went wrong; try again') + wait;
};

const post = async () => {
  const body = { token };
  for (const { name, value } of inputs) body[name] = value;
  const response = await fetch(form.getAttribute('action'), {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (response.ok) {
    history.replaceState(null, '', location.pathname);
    return show('done');
  }
  tell(await response.json().catch(() => ({})), response.headers.get('Retry-After'));
};

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  if (submit.hasAttribute('aria-disabled')) return;
  problem.textContent = '';
  for (const input of inputs) setProblem(input, '');
  submit.setAttribute('aria-disabled', 'true');
  try {
    await post();
  } catch {
    problem.textContent = 'The hub cannot be reached; try again.';
  } finally {
    submit.removeAttribute('aria-disabled');
  }
});

for (const button of form.querySelectorAll('[data-show]')) {
  button.addEventListener('click', () => {
    const isShown = button.getAttribute('aria-pressed') !== 'true';
    button.setAttribute('aria-pressed', String(isShown));
    document.getElementById(button.dataset.show).type = isShown ? 'text' : 'password';
  });
}

show(token ? 'ask' : 'dead');
`;
