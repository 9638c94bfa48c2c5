import { AppError, invalid, type Problem } from '../../errors.js';
import type { Business } from '../../models/business.js';
import { type EmailTemplate, EmailTemplateModel } from '../../models/email-template.js';
import { type Frozen, WAY_OUT } from '../../models/frozen.js';
import type { NewEmail } from '../../schemas/emails.js';
import { compile } from '../../templates/compile.js';
import { missing } from '../../templates/missing.js';
import { RenderError, render } from '../../templates/render.js';
import type { Compiled, Rendered } from '../../templates/source.js';
import { owned, type Tenant } from '../../tenant.js';
import { prepare } from '../../tracking/prepare.js';

/** What a message says, as it will be sent. */
export type Finished = Pick<Frozen, 'isFinal' | 'subject' | 'html' | 'text' | 'variables'>;

const NOTHING_TRACKED = { opens: false, clicks: false };

/**
 * Makes what a message says, once and for good: of a template or of its own content, with the way out and the sender's
 * postal address where it is bulk.
 * @throws AppError `validation_failed` for a template that is not the tenant's or not active, one that lacks a variable it
 * requires, or content that does not parse or cannot be rendered.
 */
export async function finish(
  tenant: Tenant,
  input: NewEmail,
  { settings }: Pick<Business, 'settings'>,
): Promise<Finished> {
  const compiled = await compiledOf(tenant, input);
  const sent = input.stream === 'broadcast' ? withImprint(compiled, settings.postalAddress ?? undefined) : compiled;
  const [first] = input.to;
  const values = {
    ...input.variables,
    name: input.variables?.name ?? first?.name,
    email: first?.email,
    unsubscribe_url: WAY_OUT,
  };
  const { required } = missing(sent, values);
  if (required.length > 0) {
    throw invalid(required.map((name) => ({ path: `variables.${name}`, message: 'is required by the template' })));
  }
  try {
    const rendered = render(sent, values);
    if (input.stream === 'broadcast') checkWayOut(rendered);
    return { isFinal: true, variables: [], ...rendered };
  } catch (error) {
    if (error instanceof RenderError) throw invalid([{ path: pathOf(error.path), message: error.reason }]);
    throw error;
  }
}

/** A filter may have made something else of it, e.g. cut it off. */
function checkWayOut({ html, text }: Rendered): void {
  const problems = Object.entries({ html, text }).flatMap(([path, part]): Problem[] =>
    part === undefined || part.includes(WAY_OUT) ? [] : [{ path, message: 'must have unsubscribe_url as it is' }],
  );
  if (problems.length > 0) throw invalid(problems);
}

async function compiledOf(tenant: Tenant, input: NewEmail): Promise<Compiled> {
  if (input.template === undefined) {
    const { subject = '', html, text } = input;
    const asGiven = input.variables ? (part: string) => part : literal;
    return parsed(() =>
      compile({ subject: asGiven(subject), html: html && asGiven(html), text: text && asGiven(text) }),
    );
  }
  const template = await EmailTemplateModel.findOne(owned(tenant, { _id: input.template })).lean<EmailTemplate>();
  if (!template?.isActive) {
    const message = template ? 'is not active' : 'there is no such template';
    throw invalid([{ path: 'template', message }]);
  }
  const { html, text } = template.content ?? {};
  return parsed(() => compile({ subject: input.subject ?? template.subject, html, text }, template.variables));
}

function withImprint(compiled: Compiled, postalAddress: string | undefined): Compiled {
  return parsed(() => {
    const { html, text } = prepare(compiled, NOTHING_TRACKED, { postalAddress });
    return compile({ subject: compiled.source.subject, html, text }, compiled.variables);
  });
}

/** Text that stays as it is when it is rendered: its braces begin no tag. */
const literal = (text: string) => text.replace(/\{(?=[{%])/g, "{{ '{' }}");

function parsed(make: () => Compiled): Compiled {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof AppError) || !error.details.errors) throw error;
    throw invalid(error.details.errors.map(({ path, message }): Problem => ({ path: pathOf(path), message })));
  }
}

/** As the request names it. */
const pathOf = (path: string) => path.replace(/^content\./, '');
