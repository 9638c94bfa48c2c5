import type { Types } from 'mongoose';
import { SettingModel } from '../models/setting.js';
import { ignoreDuplicateKey, JOURNALED } from '../mongo.js';

/** The setting that says whether anything is sent at all. */
const NAME = 'sending';

/**
 * What was read of it holds for so long in a process, in ms from when it was asked for. Every batch and every call looks
 * here, so it costs two small reads a second and process, however much goes out.
 */
const FRESH_MS = 500;

/** Whether an administrator of the hub has stopped all sending, of every business. */
export interface Halt {
  isHalted: boolean;
  /** Since when it is so; undefined where nothing was ever stopped. */
  since?: Date;
  /** The administrator's own word, for administrators. */
  reason?: string;
  by?: Types.ObjectId;
}

/**
 * Stops all sending, in every process, within a second: campaigns stay as they are, and nothing of them goes out. One
 * journaled write, so it outlasts every restart. Said a second time, only a new `reason` is written.
 */
export async function halt(by: Types.ObjectId, reason?: string): Promise<void> {
  const isAlready = { $eq: ['$value.isHalted', true] };
  const word = reason === undefined ? '$$REMOVE' : { $literal: reason };
  const value = {
    isHalted: true,
    since: { $cond: [isAlready, '$value.since', '$$NOW'] },
    by: { $cond: [isAlready, '$value.by', by] },
    reason: reason === undefined ? { $cond: [isAlready, '$value.reason', word] } : word,
  };
  await SettingModel.updateOne({ _id: NAME }, [{ $set: { value } }], {
    upsert: true,
    updatePipeline: true,
    writeConcern: JOURNALED,
  }).catch(ignoreDuplicateKey);
}

/** Lets everything go on; the pulse wakes it. Does nothing where nothing is stopped. */
export async function unhalt(by: Types.ObjectId): Promise<void> {
  await SettingModel.updateOne(
    { _id: NAME, 'value.isHalted': true },
    [{ $set: { value: { isHalted: false, since: '$$NOW', by, reason: '$$REMOVE' } } }],
    { updatePipeline: true, writeConcern: JOURNALED },
  );
}

/** As it is at this moment. */
export async function readHalt(): Promise<Halt> {
  const setting = await SettingModel.findById(NAME).lean();
  return (setting?.value as Halt | undefined) ?? { isHalted: false };
}

let last: { askedAt: number; answer: Promise<Halt> } | undefined;

/** As it was at most half a second ago. @throws the error of MongoDB: whoever cannot know must not send. */
export function recentHalt(): Promise<Halt> {
  const now = performance.now();
  // From the question on, not from the answer: what was written in between is not in it.
  if (!last || now - last.askedAt > FRESH_MS) last = { askedAt: now, answer: readHalt() };
  return last.answer;
}

/** Whether all sending was stopped, at most half a second ago. @throws as `recentHalt`. */
export const isHalted = async (): Promise<boolean> => (await recentHalt()).isHalted;
