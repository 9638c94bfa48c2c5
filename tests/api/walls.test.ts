import { beforeAll, describe, expect, it } from 'vitest';
import { DeliveryModel } from '../../src/models/delivery.js';
import { EventModel } from '../../src/models/event.js';
import { SuppressionModel } from '../../src/models/suppression.js';
import { processDue } from '../../src/sending/inbound/round.js';
import { relay } from '../../src/sending/upkeep/outbox.js';
import { flushOpens } from '../../src/tracking/opens.js';
import { changes, type Snapshot, snapshot } from '../support/database.js';
import { useHub } from '../support/hub.js';
import type { Call } from '../support/operations/case.js';
import { idsIn, idsInBody, takes, withBody } from '../support/operations/ids.js';
import { caseOf, type Documented, operations } from '../support/operations/index.js';
import { invitationOf } from '../support/operations/invitations.js';
import { bearer, credentials, requestOf } from '../support/operations/request.js';
import { keyWith, type Scene, scene, userWith, withSes } from '../support/operations/scene.js';
import { campaignOf, sendingDomainOf, suppressionOf, templateOf } from '../support/operations/things.js';
import { as } from '../support/sending.js';
import { jsonOf, type Reply, type Request, useServer } from '../support/server.js';

useHub();
const ask = useServer();

/** Whose things nobody else may see or change, and who reaches for them. */
let owner: Scene;
let stranger: Scene;
/** How the owner would call each operation: with the ids of things of its own. */
const calls = new Map<string, Call>();
/** One id of each kind of thing that the owner has. */
let pool: Record<string, string>;

beforeAll(async () => {
  owner = await scene();
  stranger = await scene(owner.root);
  pool = await fill(owner);
  await fill(stranger);
  for (const { name } of operations) calls.set(name, await caseOf(name).make(owner));
}, 120_000);

/** A tenant with something of everything; the operations' own things come on top. @returns one id of each kind. */
async function fill(who: Scene): Promise<Record<string, string>> {
  await withSes(who);
  await userWith(who, ['view_analytics']);
  for (const n of [1, 2]) await keyWith(who, ['send_emails', n === 1 ? 'view_analytics' : 'manage_campaigns']);
  await as(who, 'patch', '/api/business', {
    settings: {
      defaultFromName: who.word,
      replyToEmail: `reply@${who.domain}`,
      postalAddress: `${who.word}\nHigh Street`,
    },
  });
  const [template] = [await templateOf(who), await templateOf(who)];
  const [suppression] = [await suppressionOf(who), await suppressionOf(who)];
  const domain = await sendingDomainOf(who);
  const { id: invitation } = await invitationOf(who);
  const drafts = [await campaignOf(who, 'draft'), await campaignOf(who, 'scheduled')];
  const running = [
    await campaignOf(who, 'sending'),
    await campaignOf(who, 'paused'),
    await campaignOf(who, 'cancelled'),
  ];
  const campaign = await campaignOf(who, 'sent');
  await relay();
  const [delivery, event] = await Promise.all([
    DeliveryModel.findOne({ campaign }).lean().orFail(),
    EventModel.findOne({ business: who.businessId }).lean().orFail(),
  ]);
  const listed = await SuppressionModel.countDocuments({ business: who.businessId });
  expect([drafts.length, running.length, listed]).toEqual([2, 3, 2]);
  const ids = { delivery: delivery._id.toHexString(), event: event._id.toHexString() };
  return { template, suppression, domain, invitation, campaign, ...ids, user: who.userId, business: who.businessId };
}

/** What the background would do with what was asked: so that it happens now. */
async function settle(): Promise<void> {
  await flushOpens();
  await processDue();
  await relay();
}

interface Holdings {
  /** The documents that are the owner's, or speak of it. */
  documents: Snapshot;
  /** What only the owner's answers may show: the word in all its data, and every id. */
  marks: string[];
}

async function holdings(): Promise<Holdings> {
  const all = [...(await snapshot())];
  const isTheirs = (text: string) => text.includes(stranger.businessId);
  const documents = all.filter(
    ([, text]) => text.includes(owner.businessId) || (text.includes(owner.word) && !isTheirs(text)),
  );
  const ids = documents.flatMap(([, text]) => text.match(/\b[0-9a-f]{24}\b/g) ?? []);
  const theirs = all.flatMap(([, text]) => (isTheirs(text) ? [text] : [])).join();
  const marks = [owner.word, owner.token, ...new Set(ids)].filter(
    (mark) => mark === owner.word || !theirs.includes(mark),
  );
  return { documents: new Map(documents), marks };
}

/** What of the owner's stands in an answer, beyond what was sent to get it. */
function leaked(marks: readonly string[], { path, headers, body }: Request, reply: Reply): string[] {
  const sent = `${decodeURIComponent(path)} ${JSON.stringify(headers)} ${body ?? ''}`;
  const got = `${JSON.stringify(reply.headers)} ${reply.text}`;
  return marks.filter((mark) => got.includes(mark) && !sent.includes(mark));
}

/** Asks, and sees to it that nothing of the owner's comes back. */
async function unleaked({ marks }: Holdings, request: Request): Promise<Reply> {
  const reply = await ask(request);
  expect(leaked(marks, request, reply), `${request.method} ${request.path}: ${reply.text.slice(0, 500)}`).toEqual([]);
  return reply;
}

describe('the marks of a tenant', () => {
  it.each([
    'templates',
    'campaigns',
    'suppressions',
    'events',
    'business',
    'business/api-keys',
    'business/domains',
    'users',
    'users/invitations',
  ])('stand in its own /api/%s', async (list) => {
    const answer = await ask({ method: 'GET', path: `/api/${list}`, headers: bearer(owner.token) });
    expect(answer.status).toBe(200);
    const { marks } = await holdings();
    expect(marks.filter((mark) => answer.text.includes(mark)).length).toBeGreaterThan(list === 'business' ? 1 : 0);
  });
});

describe('another tenant', () => {
  it.each(operations)('sees and changes nothing by $name', async (documented) => {
    const found = caseOf(documented.name);
    const own = await found.make(stranger);
    const headers = {
      ...credentials(found, stranger, own),
      ...(found.needs === 'super_admin' ? bearer(stranger.token) : {}),
    };
    const byName = { ...headers, ...bearer(stranger.token), 'x-business-id': owner.businessId };
    const inTheNameOfTheOwner = requestOf(documented, own, byName);
    const requests = [
      ...(await reaching(documented, own)).map((call) => requestOf(documented, call, headers)),
      ...(found.needs === 'nobody' || found.needs === 'link' ? [] : [inTheNameOfTheOwner]),
    ];
    await settle();
    const before = await holdings();
    for (const request of requests) expect((await unleaked(before, request)).status).toBeLessThan(500);
    if (!found.needsWorker) {
      const { status, text } = await unleaked(before, requestOf(documented, own, headers));
      expect(status < 400, text.slice(0, 500)).toBe(found.needs !== 'super_admin');
    }
    await settle();
    expect(changes(before.documents, (await holdings()).documents)).toEqual([]);
  });

  it('finds nothing of it in its own log and numbers afterwards', async () => {
    for (const path of [
      '/api/events?limit=200',
      '/api/business/stats',
      '/api/business/usage',
      '/api/campaigns?limit=200',
    ]) {
      const reply = await unleaked(await holdings(), { method: 'GET', path, headers: bearer(stranger.token) });
      expect(reply.status).toBe(200);
    }
  });
});

/** Calls that name the owner's things, in every place where an operation takes an id, and in those that its case knows. */
async function reaching(documented: Documented, own: Call): Promise<Call[]> {
  const theirs = calls.get(documented.name) ?? {};
  const inPath = idsIn('path', documented);
  const kinds = Object.values(pool);
  return [
    ...(inPath.length > 0 ? [theirs] : []),
    ...inPath.map((name) => ({ ...own, params: { ...own.params, [name]: theirs.params?.[name] ?? '' } })),
    ...(inPath.includes('id') ? kinds.map((id) => ({ ...own, params: { ...own.params, id } })) : []),
    ...idsIn('query', documented).flatMap((name) => kinds.map((id) => ({ ...own, query: { [name]: id } }))),
    ...idsInBody(documented).flatMap((path) => kinds.map((id) => withBody(own, path, id))),
    ...(takes(documented, 'cursor') ? [await atCursorOf(documented, theirs, own)] : []),
    ...(takes(documented, 'search') ? [{ ...own, query: { search: owner.word } }] : []),
    ...(takes(documented, 'email') ? [{ ...own, query: { email: `p@${owner.domain}` } }] : []),
    ...((await caseOf(documented.name).cross?.(stranger, owner)) ?? []),
  ];
}

/** The stranger's list, from where a page of the owner's ended. */
async function atCursorOf(documented: Documented, theirs: Call, own: Call): Promise<Call> {
  const page = await ask(requestOf(documented, theirs, credentials(caseOf(documented.name), owner, theirs)));
  const { pagination } = jsonOf(page) as { pagination: { nextCursor: string } };
  expect(pagination.nextCursor, `a second page of ${documented.name}, which its case's call has to leave`).toBeTruthy();
  return { ...own, query: { ...own.query, cursor: pagination.nextCursor } };
}
