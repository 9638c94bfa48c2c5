import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mongoose, { Schema } from 'mongoose';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { findFreePort } from '../../src/embedded/free-port.js';
import { type MongoService, startMongo } from '../../src/embedded/mongo.js';
import { running } from './processes.js';

async function connect(uri: string): Promise<mongoose.Connection> {
  const connection = await mongoose.createConnection(uri).asPromise();
  onTestFinished(() => connection.close());
  return connection;
}

describe('the embedded MongoDB', () => {
  let mongo: MongoService;
  beforeAll(async () => {
    mongo = await startMongo();
  });
  afterAll(() => mongo.close());

  it('holds unique indexes and runs pipeline updates', async () => {
    const connection = await connect(mongo.uri);
    expect(connection.name).toBe('power-mta-hub');
    const Counter = connection.model('Counter', new Schema({ name: { type: String, unique: true }, n: Number }));
    await Counter.init();
    await Counter.create({ name: 'a', n: 1 });
    await expect(Counter.create({ name: 'a', n: 2 })).rejects.toMatchObject({ code: 11000 });
    const pipeline = [{ $set: { n: { $add: ['$n', 41] } } }];
    const updated = await Counter.findOneAndUpdate({ name: 'a' }, pipeline, {
      updatePipeline: true,
      returnDocument: 'after',
    });
    expect(updated?.n).toBe(42);
  });

  it('has journaled data after kill -9, on the same port', async () => {
    const { uri, pid } = mongo;
    const numbers = (await connect(uri)).collection<{ _id: number }>('numbers');
    for (let n = 0; n < 50; n++) await numbers.insertOne({ _id: n }, { writeConcern: { w: 1, j: true } });
    await mongo.kill();
    expect(mongo.pid).toBeUndefined();
    expect(running([pid ?? 0])).toEqual([]);
    await mongo.restart();
    expect(mongo.uri).toBe(uri);
    expect(await (await connect(uri)).collection('numbers').countDocuments()).toBe(50);
  });

  it('keeps a data directory of its own choice, and nothing else', async () => {
    const dataDirectory = await mkdtemp(join(tmpdir(), 'a path with spaces '));
    onTestFinished(() => rm(dataDirectory, { recursive: true }));
    const port = await findFreePort();
    for (const expected of [1, 2]) {
      const service = await startMongo({ dataDirectory, port });
      onTestFinished(service.close);
      expect(service.port).toBe(port);
      const connection = await mongoose.createConnection(service.uri).asPromise();
      await connection.collection('starts').insertOne({});
      expect(await connection.collection('starts').countDocuments()).toBe(expected);
      await connection.close();
      await Promise.all([service.close(), service.close()]);
    }
    expect(await readdir(dataDirectory)).not.toEqual([]);
  });
});
