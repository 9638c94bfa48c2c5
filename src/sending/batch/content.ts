import { LRUCache } from 'lru-cache';
import type { Delivery } from '../../models/delivery.js';
import { type Frozen, WAY_OUT } from '../../models/frozen.js';
import { compile } from '../../templates/compile.js';
import { render } from '../../templates/render.js';
import type { Compiled, Rendered } from '../../templates/source.js';
import { clickUrl, openUrl, signClick, signOpen, signUnsubscribe, unsubscribeUrl } from '../../tracking/tokens.js';
import { compose } from './compose.js';
import type { Mailbox, Mailing } from './source.js';
import { valuesFor } from './values.js';

/** Frozen content never changes, so it is parsed once a process. */
const compiled = new LRUCache<string, Compiled>({ max: 100 });

/**
 * Makes the message of one delivery from the frozen content.
 * @throws RenderError when the content fails with this recipient's variables.
 */
export function messageFor(mailing: Mailing, delivery: Delivery): Buffer {
  const { business, frozen, hasWayOut, letter, files } = mailing;
  const link = { businessId: business, deliveryId: delivery._id };
  const domain = frozen.linkDomain ?? undefined;
  const wayOut = unsubscribeUrl(signUnsubscribe({ ...link, email: delivery.email }), domain);
  const { subject, html, text } = frozen.isFinal ? finished(frozen, wayOut) : rendered(mailing, delivery, wayOut);
  return compose({
    from: { name: frozen.fromName ?? undefined, address: frozen.fromEmail },
    to: letter ? letter.to.map(addressOf) : [{ name: delivery.name ?? undefined, address: delivery.email }],
    cc: letter?.cc.map(addressOf),
    replyTo: letter?.replyTo ? addressOf(letter.replyTo) : (frozen.replyTo ?? undefined),
    subject,
    html,
    text,
    headers: {
      ...Object.fromEntries((letter?.headers ?? []).map(({ name, value }) => [name ?? '', value ?? ''])),
      // RFC 8058: one click of the mail program, without a page, a cookie or a login.
      ...(hasWayOut
        ? { 'List-Unsubscribe': `<${wayOut}>`, 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' }
        : {}),
    },
    files,
  });
}

const addressOf = ({ email, name }: Mailbox) => ({ name: name ?? undefined, address: email });

/** As `url_encode` writes it, where it is part of another link. */
const WAY_OUT_CODED = encodeURIComponent(WAY_OUT);

/** Each recipient has a way out of his own, wherever the content names it. */
function finished({ subject, html, text }: Frozen, wayOut: string): Rendered {
  const coded = encodeURIComponent(wayOut);
  const own = (part: string) => part.replaceAll(WAY_OUT, wayOut).replaceAll(WAY_OUT_CODED, coded);
  return { subject: own(subject), ...(html == null ? {} : { html: own(html) }), text: own(text) };
}

function rendered({ _id, business, frozen }: Mailing, delivery: Delivery, wayOut: string): Rendered {
  const id = _id.toHexString();
  let content = compiled.get(id);
  if (!content) {
    const { subject, html, text } = frozen;
    content = compile({ subject, html: html ?? undefined, text }, frozen.variables);
    compiled.set(id, content);
  }
  const link = { businessId: business, deliveryId: delivery._id };
  const domain = frozen.linkDomain ?? undefined;
  return render(
    content,
    valuesFor(delivery, wayOut, {
      open: frozen.tracking?.opens ? openUrl(signOpen(link), domain) : undefined,
      links: frozen.links?.map((_target, number) => clickUrl(signClick({ ...link, number }), domain)),
    }),
  );
}
