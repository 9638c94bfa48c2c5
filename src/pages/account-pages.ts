import type { Page } from '../public-page.js';
import { SCRIPT } from './account-script.js';
import { ACCOUNT_STYLE } from './account-style.js';

/** One thing that is asked for; its name is the field of the API's body. */
interface Field {
  name: 'name' | 'password';
  label: string;
  hint?: string;
  type: 'text' | 'password';
  autocomplete: string;
}

interface Form {
  heading: string;
  lead: string;
  /** Relative, so that it holds behind a proxy that adds a path. */
  action: string;
  fields: readonly Field[];
  button: string;
  done: { heading: string; text: string };
  dead: string;
}

const PASSWORD: Field = {
  name: 'password',
  label: 'New password',
  hint: 'At least 8 characters. A few words are easier to remember, and harder to guess.',
  type: 'password',
  autocomplete: 'new-password',
};

export const RESET_PASSWORD = page({
  heading: 'Choose a new password',
  lead: 'It replaces the one you had, and signs you out everywhere.',
  action: 'api/auth/reset-password',
  fields: [PASSWORD],
  button: 'Set password',
  done: {
    heading: 'Your password is changed',
    text: 'Sign in with the new one from now on. You can close this page.',
  },
  dead: 'It works once, and for an hour. Ask for a new one where you sign in.',
});

export const ACCEPT_INVITATION = page({
  heading: 'Accept your invitation',
  lead: 'Tell us your name, and choose a password to sign in with.',
  action: 'api/auth/accept-invitation',
  fields: [
    { name: 'name', label: 'Your name', type: 'text', autocomplete: 'name' },
    { ...PASSWORD, label: 'Password' },
  ],
  button: 'Accept',
  done: { heading: 'Welcome', text: 'Your account is ready: sign in with your address and this password.' },
  dead: 'It works once, and not for ever. Ask whoever invited you for a new one.',
});

/** Everything the script shows is there from the start, but hidden: it only uncovers, and fills in what the hub answers. */
function page({ heading, lead, action, fields, button, done, dead }: Form): Page {
  return {
    title: `${heading} · Power MTA Hub`,
    style: ACCOUNT_STYLE,
    script: SCRIPT,
    body: `<main>
<p class="sender">Power MTA Hub</p>
<noscript><h1>${heading}</h1><p>This page needs JavaScript: it takes the key out of your link itself, so that no server on the way sees it.</p></noscript>
<section id="ask" hidden>
<h1>${heading}</h1>
<p>${lead}</p>
<form method="post" action="${action}" novalidate>
${fields.map(field).join('\n')}
<p id="problem" class="problem" role="alert"></p>
<button>${button}</button>
</form>
</section>
<section id="done" hidden>
<h1 tabindex="-1">${done.heading}</h1>
<p>${done.text}</p>
</section>
<section id="dead" hidden>
<h1 tabindex="-1">This link does not work</h1>
<p>${dead}</p>
</section>
</main>`,
  };
}

function field({ name, label, hint, type, autocomplete }: Field): string {
  const describedBy = [...(hint ? [`${name}-hint`] : []), `${name}-problem`].join(' ');
  const toggle =
    type === 'password'
      ? `<button type="button" class="quiet" data-show="${name}" aria-pressed="false" aria-label="Show password">Show</button>`
      : '';
  return `<div class="field">
<label for="${name}">${label}</label>
<div class="entry"><input id="${name}" name="${name}" type="${type}" autocomplete="${autocomplete}" autocapitalize="${type === 'password' ? 'none' : 'words'}" spellcheck="false" required aria-describedby="${describedBy}">${toggle}</div>
${hint ? `<p id="${name}-hint" class="hint">${hint}</p>\n` : ''}<p id="${name}-problem" class="problem" role="alert"></p>
</div>`;
}
