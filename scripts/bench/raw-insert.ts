import { once } from 'node:events';
import mongoose from 'mongoose';
import { DeliveryModel } from '../../src/models/delivery.js';
import { documentsOf } from './recipient-list.js';

/**
 * What the import is measured against: the driver's `insertMany` in batches of 1,000, of documents that are made before
 * the clock starts, into a collection with the ledger's indexes.
 */
const BATCH_SIZE = 1_000;

const [uri = '', count = '0'] = process.argv.slice(2);
await mongoose.connect(uri);
const documents = documentsOf(Number(count));
process.send?.('ready');
await once(process, 'message');
for (let at = 0; at < documents.length; at += BATCH_SIZE) {
  await DeliveryModel.collection.insertMany(documents.slice(at, at + BATCH_SIZE), { ordered: false });
}
process.send?.('done');
await once(process, 'SIGTERM');
await mongoose.disconnect();
