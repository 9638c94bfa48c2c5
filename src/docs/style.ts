/** The documentation page's look: light or dark as the reader's system is, without a font or image of another host. */
export const DOCS_STYLE = `
:root { color-scheme: light dark; --ink: #1a1f2b; --soft: #5a6275; --paper: #fff; --ground: #f6f7f9; --line: #e0e3ea; --code: #f0f2f6; --act: #1f4fd8; --get: #0a6b4b; --post: #1f4fd8; --patch: #8a5a00; --delete: #b3261e; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8eaf0; --soft: #a2a9ba; --paper: #161a22; --ground: #0f1218; --line: #2a303d; --code: #1f2530; --act: #8fb0ff; --get: #5fd3a6; --post: #8fb0ff; --patch: #f0b95a; --delete: #ff8f87; }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body { margin: 0; display: grid; grid-template-columns: 20rem minmax(0, 1fr); background: var(--paper); color: var(--ink); font: 1rem/1.6 system-ui, sans-serif; }
a { color: var(--act); }
nav { position: sticky; top: 0; height: 100vh; overflow-y: auto; padding: 1.5rem; background: var(--ground); border-right: 1px solid var(--line); font-size: .875rem; }
nav h2 { margin: 1.25rem 0 .25rem; font-size: .75rem; letter-spacing: .06em; text-transform: uppercase; color: var(--soft); }
nav ul { margin: 0; padding: 0; list-style: none; }
nav li a { display: flex; align-items: baseline; gap: .5rem; padding: .2rem .4rem; border-radius: .35rem; color: inherit; text-decoration: none; }
nav li a:hover { background: var(--code); }
nav .brand { font-weight: 700; font-size: 1rem; color: inherit; text-decoration: none; }
main { padding: 2.5rem clamp(1rem, 5vw, 4rem) 6rem; max-width: 62rem; }
h1 { margin: 0 0 1rem; font-size: 2rem; line-height: 1.2; }
h2.tag { margin: 4rem 0 0; padding-bottom: .5rem; border-bottom: 2px solid var(--line); }
article { padding: 2rem 0; border-bottom: 1px solid var(--line); }
h3 { margin: 0 0 .5rem; font-size: 1.125rem; }
h4 { margin: 1.5rem 0 .5rem; font-size: .875rem; color: var(--soft); }
.route { display: flex; flex-wrap: wrap; align-items: baseline; gap: .75rem; margin: 0 0 1rem; }
.route code { font-size: 1rem; overflow-wrap: anywhere; }
.method { font: 700 .75rem/1 ui-monospace, monospace; text-transform: uppercase; min-width: 3.6em; flex: none; }
.method.get { color: var(--get); } .method.post, .method.put { color: var(--post); } .method.patch { color: var(--patch); } .method.delete { color: var(--delete); }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: .85em; }
code { background: var(--code); padding: .1em .3em; border-radius: .25rem; }
pre { margin: 0; padding: 1rem; background: var(--code); border-radius: .5rem; overflow-x: auto; line-height: 1.5; }
pre code { padding: 0; background: none; font-size: 1em; }
.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: .875rem; }
th, td { padding: .4rem .75rem .4rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; font-weight: 400; }
thead th { color: var(--soft); font-size: .75rem; }
.need { color: var(--delete); font-size: .75rem; }
.failures { color: var(--soft); font-size: .875rem; }
summary { cursor: pointer; margin-top: 1.5rem; font-size: .875rem; color: var(--act); }
details[open] summary { margin-bottom: .5rem; }
a:focus-visible, summary:focus-visible { outline: 3px solid var(--act); outline-offset: 2px; }
@media (max-width: 60rem) { body { display: block; } nav { position: static; height: auto; max-height: 40vh; border-right: 0; border-bottom: 1px solid var(--line); } }
`;
