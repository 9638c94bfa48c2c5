import type { Types } from 'mongoose';
import { AppError } from '../../errors.js';
import { EmailCampaignModel } from '../../models/email-campaign.js';
import type { Variables } from '../../schemas/common.js';
import type { RECIPIENT_FILES } from '../../schemas/recipients.js';
import type { Tenant } from '../../tenant.js';
import { BrokenStream } from './broken-stream.js';
import { readCsv } from './csv.js';
import type { Columns } from './csv-header.js';
import { decode } from './decode.js';
import { type Entry, type Recipient, readEntry } from './entry.js';
import { type Inserted, insertBatch } from './insert.js';
import { type Lease, lease } from './lease.js';
import { readNdjson } from './ndjson.js';
import {
  brokenOff,
  countInserted,
  countRejection,
  emptyReport,
  type ImportReport,
  interrupted,
  withReport,
} from './report.js';
import { Writer } from './writer.js';

export type { ImportReport } from './report.js';

/** A recipient of a JSON body; its shape and variables are checked, its address is not. */
export interface GivenRecipient {
  email: string;
  name?: string | null | undefined;
  variables?: Variables | null | undefined;
}

/** Where recipients come from. `charset` is the one that the sender named. */
export type Source =
  | { recipients: readonly GivenRecipient[] }
  | { type: (typeof RECIPIENT_FILES)[number]; charset?: string | undefined; bytes: AsyncIterable<Buffer> };

/**
 * Adds recipients to a campaign that is draft or scheduled, in flat memory, under a lease that keeps it from being
 * launched meanwhile. What is added stays, whatever happens after it; importing the same again adds nothing twice.
 * @throws AppError 404 for no campaign of this tenant; 409 `invalid_transition` when it is, or comes to be, neither draft
 *   nor scheduled; 415 for an unknown charset; 422 for a stream that cannot be read on, with the report and its `line`.
 */
export async function importRecipients(
  tenant: Tenant,
  campaignId: Types.ObjectId,
  source: Source,
): Promise<ImportReport> {
  const held = await lease(tenant, campaignId);
  try {
    const isTest = (await EmailCampaignModel.exists({ _id: campaignId, isTest: true })) !== null;
    return await importEntries(source, held, (batch) => insertBatch(tenant, campaignId, batch, isTest));
  } finally {
    await held.release();
  }
}

/**
 * Reads a source in flat memory and writes its records in batches of different addresses. What was written stays.
 * @param held is renewed before each batch, and confirmed at the end.
 * @param columns what of a CSV file is read.
 * @throws AppError 415 for an unknown charset; 422 for a stream that cannot be read on, with the report and its `line`; 503
 *   when our side breaks off; and what `held` throws, with the report.
 */
export async function importEntries(
  source: Source,
  held: Pick<Lease, 'renew' | 'confirm'>,
  write: (batch: Recipient[]) => Promise<Inserted>,
  columns: Columns = 'all',
): Promise<ImportReport> {
  const report = emptyReport();
  const writer = new Writer(
    async (batch) => {
      await held.renew();
      return write(batch);
    },
    (inserted) => countInserted(report, inserted),
  );
  const read = async (): Promise<BrokenStream | undefined> => {
    try {
      for await (const entries of entriesOf(source, columns)) {
        // Also while a slow sender has not filled a batch yet.
        await held.renew();
        for (const entry of entries) {
          if ('recipient' in entry) writer.add(entry.recipient);
          else countRejection(report, entry);
          if (writer.isFull) await writer.flush();
        }
      }
      return undefined;
    } catch (error) {
      if (error instanceof BrokenStream) return error;
      throw error;
    }
  };
  try {
    const broken = await read();
    await writer.end();
    if (broken) throw brokenOff(report, broken);
    await held.confirm();
    return report;
  } catch (error) {
    await writer.settled();
    throw withReport(report, error instanceof AppError ? error : interrupted(error));
  }
}

function entriesOf(source: Source, columns: Columns): AsyncIterable<Entry[]> {
  if ('recipients' in source) return listed(source.recipients);
  const text = decode(source.bytes, source.charset);
  return source.type === 'text/csv' ? readCsv(text, columns) : readNdjson(text);
}

async function* listed(recipients: readonly GivenRecipient[]): AsyncGenerator<Entry[]> {
  yield recipients.map(({ email, name, variables }, index) =>
    readEntry(index + 1, email, name ?? '', variables ?? undefined),
  );
}
