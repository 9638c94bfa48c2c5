import { createHash } from 'node:crypto';
import { Types } from 'mongoose';
import { UserModel } from '../models/user.js';
import { type WebhookEndpoint, WebhookEndpointModel } from '../models/webhook-endpoint.js';
import { ignoreDuplicateKey } from '../mongo.js';
import type { SystemMailContent } from '../sending/system-mail/content.js';
import { enqueue } from '../sending/system-mail/enqueue.js';

/** After so long, in ms, nobody needs the news any more. */
const USEFUL_MS = 7 * 86_400_000;

/**
 * Writes to the admins of the businesses whose endpoint the hub has switched off: the mail first, with an id that follows from
 * whom it tells what, so that whoever does it again writes no second one.
 */
export async function tellAdmins(): Promise<void> {
  const endpoints = await WebhookEndpointModel.find({ 'disabled.isUntold': true }).lean<WebhookEndpoint[]>();
  for (const endpoint of endpoints) await tell(endpoint);
}

async function tell(endpoint: WebhookEndpoint): Promise<void> {
  const { _id, business, disabled } = endpoint;
  if (!disabled) return;
  const admins = await UserModel.find({ business, role: 'business_admin', isActive: true })
    .select({ email: 1 })
    .lean<{ _id: Types.ObjectId; email: string }[]>();
  const expiresAt = new Date(disabled.at.getTime() + USEFUL_MS);
  for (const { _id: user, email } of admins) {
    const id = new Types.ObjectId(
      createHash('sha256').update(`${_id} ${disabled.at.toISOString()} ${user}`).digest().subarray(0, 12),
    );
    await enqueue({ id, to: email, expiresAt, ...mailOf(endpoint, disabled) }).catch(ignoreDuplicateKey);
  }
  await WebhookEndpointModel.updateOne(
    { _id, 'disabled.at': disabled.at },
    { $unset: { 'disabled.isUntold': 1 } },
    { timestamps: false },
  );
}

const WHY = {
  gone: () => 'it answered 410, which says that it is gone for good',
  failing: (since: string) => `it has failed since ${since}, for five days`,
} as const;

function mailOf(
  { name, url, failingSince, lastFailure, _id }: WebhookEndpoint,
  { reason, at }: NonNullable<WebhookEndpoint['disabled']>,
): SystemMailContent {
  const why = WHY[reason]((failingSince ?? at).toISOString());
  return {
    subject: `The webhook "${name}" is switched off`,
    text: `Hello,

Power MTA Hub tells your webhook "${name}" nothing more, since ${at.toISOString()}: ${why}.

It posts to ${new URL(url).origin}, and the last failure was: ${lastFailure ?? 'none'}

What was waiting is kept for a while. When the receiver works again, switch the webhook on:

PATCH /api/webhooks/${_id} {"isActive": true}

What happened in between comes by a replay: POST /api/webhooks/${_id}/replay with from and to.
`,
  };
}
