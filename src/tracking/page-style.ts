/** How the pages look that recipients see: plain, in the colours their system asks for, and nothing of another host. */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1a1f2b; --soft: #586073; --paper: #fff; --ground: #f3f4f7; --line: #dfe2e9; --act: #1f4fd8; --on-act: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #eceef3; --soft: #a6adbd; --paper: #1b1f29; --ground: #11141b; --line: #303647; --act: #8fb0ff; --on-act: #0d1220; }
}
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; background: var(--ground); color: var(--ink); font: 1rem/1.6 system-ui, sans-serif; }
main { width: 100%; max-width: 30rem; padding: 2.5rem; background: var(--paper); border: 1px solid var(--line); border-radius: .75rem; }
.sender { margin: 0 0 1.5rem; color: var(--soft); font-size: .875rem; overflow-wrap: anywhere; }
h1 { margin: 0 0 .75rem; font-size: 1.5rem; line-height: 1.25; }
p { margin: 0 0 1.5rem; overflow-wrap: anywhere; }
p:last-child { margin: 0; }
form { margin: 0; }
button { padding: .75rem 1.5rem; border: 1px solid var(--act); border-radius: .5rem; background: var(--act); color: var(--on-act); font: inherit; font-weight: 600; cursor: pointer; }
button.quiet { background: none; color: var(--act); }
button:focus-visible { outline: 3px solid var(--act); outline-offset: 3px; }
`;
