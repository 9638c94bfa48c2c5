import { z } from 'zod';
import type { Halt } from '../sending/halt.js';
import { line } from './common.js';
import { Id, operation } from './operation.js';

export const SendingView = z
  .object({
    isPaused: z.boolean(),
    since: z.iso.datetime().nullable().meta({ description: 'null: nothing was ever stopped' }),
    reason: z.string().nullable(),
    by: Id.nullable().meta({ description: 'Who stopped it, or let it go on' }),
  })
  .meta({ id: 'HubSending', description: 'Whether all sending of the hub is stopped' });

export const PauseSending = operation({
  summary: 'Stop all sending, of every business',
  description:
    'Within a second nothing more goes out, in any process; only the calls under way are heard out. Campaigns stay as they are, `sending` among them, and scheduled ones wait. It outlasts restarts. `reason` is for administrators; said a second time, only a new one is taken.',
  body: z.strictObject({ reason: line(500).optional().meta({ example: 'A wrong template went out' }) }),
  answer: { sending: SendingView },
});

export const ResumeSending = operation({
  summary: 'Let all sending go on',
  description:
    'Within two seconds everything goes on where it stopped, but for what a person paused. A campaign whose time came meanwhile is launched, or withheld where that is more than six hours ago.',
  answer: { sending: SendingView },
});

export const presentSending = ({ isHalted, since, reason, by }: Halt): z.output<typeof SendingView> => ({
  isPaused: isHalted,
  since: since?.toISOString() ?? null,
  reason: reason ?? null,
  by: by?.toHexString() ?? null,
});
