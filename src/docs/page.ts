import { escapeHtml, withCode } from '../html.js';
import type { ApiDocument, ApiOperation } from '../openapi.js';
import type { Page } from '../public-page.js';
import { curlOf, exampleOf } from './examples.js';
import { type Field, fieldsOf, fieldTable } from './fields.js';
import { DOCS_STYLE } from './style.js';

interface Entry {
  method: string;
  path: string;
  operation: ApiOperation;
}

/** The OpenAPI document as a page for people: everything on it, no script, nothing of another host. */
export function docsPage(document: ApiDocument): Page {
  const entries = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  );
  const groups = document.tags.map(({ name }) => ({
    name,
    entries: entries.filter(({ operation }) => operation.tags.includes(name)),
  }));
  return {
    title: `${document.info.title} API`,
    style: DOCS_STYLE,
    body: `<nav aria-label="Endpoints">
<a class="brand" href="#top">${escapeHtml(document.info.title)}</a>
${groups.map(navGroup).join('\n')}
</nav>
<main id="top">
<h1>${escapeHtml(document.info.title)} API</h1>
${prose(document.info.description)}
<p>Version ${escapeHtml(document.info.version)} · <a href="openapi.json">openapi.json</a></p>
${shared(document)}
${groups.map((group) => section(group, document)).join('\n')}
</main>`,
  };
}

/** What many operations have in common, told once. */
function shared({ components }: ApiDocument): string {
  const headers = Object.values(components.parameters).map(({ name, description, schema }) => ({
    name,
    place: 'header',
    isRequired: false,
    schema: { ...schema, description },
  }));
  const failures = Object.entries(components.responses).map(
    ([name, { description }]) =>
      `<tr><th scope="row"><code>${name.slice(-3)}</code></th><td>${withCode(description)}</td></tr>`,
  );
  return `${fieldTable('Headers', headers, components.schemas)}
<h4>Failures</h4>
<div class="scroll"><table><thead><tr><th scope="col">Status</th><th scope="col">Meaning, and the codes</th></tr></thead>
<tbody>${failures.join('\n')}</tbody></table></div>`;
}

interface Group {
  name: string;
  entries: Entry[];
}

function navGroup({ name, entries }: Group): string {
  const links = entries.map(
    ({ method, operation }) =>
      `<li><a href="#${operation.operationId}">${badge(method)}<span>${escapeHtml(operation.summary)}</span></a></li>`,
  );
  return `<h2>${escapeHtml(name)}</h2>\n<ul>${links.join('\n')}</ul>`;
}

function section({ name, entries }: Group, document: ApiDocument): string {
  return `<h2 class="tag">${escapeHtml(name)}</h2>\n${entries.map((entry) => article(entry, document)).join('\n')}`;
}

function article({ method, path, operation }: Entry, document: ApiDocument): string {
  const { schemas } = document.components;
  const [server] = document.servers;
  const bodySchema = operation.requestBody?.content['application/json']?.schema;
  return `<article id="${operation.operationId}">
<h3>${escapeHtml(operation.summary)}</h3>
<p class="route">${badge(method)}<code>${escapeHtml(path)}</code></p>
${prose(operation.description ?? '')}
${fieldTable('Parameters', parametersOf(operation), schemas)}
${fieldTable(`Body: ${Object.keys(operation.requestBody?.content ?? {}).join(', ')}`, bodySchema ? fieldsOf(bodySchema, schemas) : [], schemas)}
<h4>Example</h4>
${code(curlOf(`${server?.url ?? ''}${path}`, method, operation, schemas))}
${answer(operation, document)}
<p class="failures">Failures: ${failures(operation)}</p>
</article>`;
}

/** The parameters of its own: the headers that many share are told once, at the top. */
function parametersOf({ parameters }: ApiOperation): Field[] {
  return parameters.flatMap((parameter) =>
    'name' in parameter
      ? [
          {
            name: parameter.name,
            place: parameter.in,
            isRequired: parameter.required,
            schema: parameter.description
              ? { ...parameter.schema, description: parameter.description }
              : parameter.schema,
          },
        ]
      : [],
  );
}

function answer({ responses }: ApiOperation, { components: { schemas } }: ApiDocument): string {
  const success = Object.entries(responses).find(([status]) => status.startsWith('2'));
  if (!success || !('content' in success[1])) return '';
  const [status, { content = {} }] = success;
  const [type = '', { schema } = { schema: {} }] = Object.entries(content)[0] ?? [];
  if (type !== 'application/json') return `<h4>Answer: ${status}, <code>${escapeHtml(type)}</code></h4>`;
  // What is answered is there: "required" is for what is sent.
  const fields = fieldsOf(schema, schemas).map((field) => ({ ...field, isRequired: false }));
  return `<details><summary>Answer: ${status}</summary>
${code(JSON.stringify(exampleOf(schema, schemas, true), null, 2))}
${fieldTable('Fields', fields, schemas)}</details>`;
}

function failures({ responses }: ApiOperation): string {
  return Object.keys(responses)
    .filter((status) => !status.startsWith('2'))
    .join(', ');
}

function badge(method: string): string {
  return `<span class="method ${method}">${method}</span>`;
}

function code(text: string): string {
  // A region that scrolls must be reachable by keyboard.
  return `<pre tabindex="0"><code>${escapeHtml(text)}</code></pre>`;
}

/** Paragraphs and `code` of a description, which is otherwise text. */
function prose(text: string): string {
  const paragraphs = text.split(/\n{2,}/).filter(Boolean);
  return paragraphs.map((one) => `<p>${withCode(one)}</p>`).join('\n');
}
