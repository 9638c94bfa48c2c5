import { STYLE } from '../tracking/page-style.js';

/** The look of the account pages: that of the others, and a form's. */
export const ACCOUNT_STYLE = `${STYLE}:root { --wrong: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --wrong: #ff8f87; } }
body { grid-template-columns: minmax(0, 1fr); justify-items: center; }
@media (max-width: 30rem) { main { padding: 1.5rem; } }
[hidden] { display: none; }
h1:focus { outline: none; }
.field { margin: 0 0 1.25rem; }
label { display: block; margin: 0 0 .375rem; font-weight: 600; }
.entry { display: flex; gap: .5rem; }
input { flex: 1; min-width: 0; padding: .75rem; border: 1px solid var(--soft); border-radius: .5rem; background: var(--paper); color: var(--ink); font: inherit; }
input:focus-visible { outline: 3px solid var(--act); outline-offset: 1px; }
input[aria-invalid] { border-color: var(--wrong); }
.hint, .problem { margin: .375rem 0 0; font-size: .875rem; }
.hint { color: var(--soft); }
.problem { color: var(--wrong); font-weight: 600; }
.problem:empty { margin: 0; }
#problem:not(:empty) { margin: 0 0 1rem; }
button[aria-disabled] { opacity: .6; cursor: progress; }
`;
