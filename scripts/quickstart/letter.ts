import { escapeHtml } from '../../src/html.js';
import type { Person } from './audience.js';

const DEFAULT_NAME = 'friend of whisky';
const DEFAULT_CITY = 'our shop';

/** The template, as the body of `POST /api/templates`. */
export const TEMPLATE = {
  name: 'Your bottle is ready',
  subject: '{{ name }}, your {{ bottle }} is ready',
  category: 'marketing',
  variables: [
    { name: 'name', defaultValue: DEFAULT_NAME },
    { name: 'bottle', required: true },
    { name: 'city', defaultValue: DEFAULT_CITY, description: 'Where the bottle waits' },
    { name: 'points', defaultValue: '0' },
  ],
  content: {
    html: `<!doctype html>
<html lang="en">
<body style="font-family: Georgia, serif; color: #3b2314; max-width: 36em; margin: auto; padding: 1em">
<p>Dear {{ name }},</p>
<p>your <strong>{{ bottle }}</strong> is waiting for you: {{ city }}.</p>
{% assign balance = points | plus: 0 %}{% if balance >= 100 %}<p>You have {{ balance }} points. The next dram is on us.</p>{% endif %}
<p>Sláinte!<br>Whisky</p>
<p><small><a href="{{ unsubscribe_url }}">Unsubscribe</a></small></p>
</body>
</html>
`,
    text: `Dear {{ name }},

your {{ bottle }} is waiting for you: {{ city }}.

Sláinte!
Whisky

Unsubscribe: {{ unsubscribe_url }}
`,
  },
} as const;

/** A message as the inbox shows it. */
export interface Letter {
  to: string;
  subject: string;
  html: string;
  text: string;
}

/** What is wrong with a person's letter, or undefined: worked out without the hub's renderer. */
export function letterProblem(letter: Letter, person: Person): string | undefined {
  const name = person.name || DEFAULT_NAME;
  const place = `is waiting for you: ${person.city || DEFAULT_CITY}.`;
  if (letter.subject !== `${name}, your ${person.bottle} is ready`) return `has the subject "${letter.subject}"`;
  if (!letter.text.includes(`Dear ${name},`) || !letter.text.includes(place))
    return `does not address ${name} in its text`;
  const isInHtml = letter.html.includes(`Dear ${escapeHtml(name)},`) && letter.html.includes(escapeHtml(place));
  if (!isInHtml) return `does not address ${name} in its HTML`;
  if (!letter.html.includes('Unsubscribe')) return 'has no unsubscribe link';
  return undefined;
}
