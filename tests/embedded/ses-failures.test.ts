import { GetSendQuotaCommand } from '@aws-sdk/client-ses';
import { describe, expect, it } from 'vitest';
import type { FailureRule } from '../../src/embedded/ses/failures.js';
import { failureOf, mail, PATIENT, sdk, useSes } from './ses-client.js';

describe('failures of the local SES on demand', () => {
  it.each<[FailureRule, string, number]>([
    [{ kind: 'throttle' }, 'Throttling', 0],
    [{ kind: 'daily-quota' }, 'Throttling', 0],
    [{ kind: 'reject' }, 'MessageRejected', 0],
    [{ kind: 'pause' }, 'AccountSendingPausedException', 0],
    [{ kind: 'error', code: 'ConfigurationSetDoesNotExist' }, 'ConfigurationSetDoesNotExistException', 0],
    [{ kind: 'error', code: 'ServiceUnavailable', status: 503 }, 'ServiceUnavailable', 0],
    [{ kind: 'stall' }, 'TimeoutError', 0],
    [{ kind: 'accept-then-stall' }, 'TimeoutError', 1],
    [{ kind: 'drop' }, 'TimeoutError', 0],
    [{ kind: 'accept-then-drop' }, 'TimeoutError', 1],
    [{ kind: 'bad-gateway' }, 'Unknown', 0],
    [{ kind: 'accept-then-bad-gateway' }, 'Unknown', 1],
  ])('%o ends as %s, with %i accepted', async (rule, name, accepted) => {
    const { endpoint, control } = await useSes();
    await control.fail({ ...rule, next: 1 });
    const client = sdk(endpoint);
    expect(await failureOf(client.send(mail('a@example.net')))).toMatchObject({ name });
    expect(await control.totals()).toMatchObject({ accepted });
    await client.send(mail('b@example.net'));
    expect(await control.totals()).toMatchObject({ accepted: accepted + 1 });
  });

  it('begins an answer that never ends, which the time limit of an answer does not notice', async () => {
    const { endpoint, control } = await useSes();
    await control.fail({ kind: 'accept-then-half-answer', next: 1 });
    const call = sdk(endpoint).send(mail('a@example.net'), { abortSignal: AbortSignal.timeout(900) });
    const startedAt = performance.now();
    expect(await failureOf(call)).toMatchObject({ name: 'AbortError' });
    expect(performance.now() - startedAt).toBeGreaterThan(850);
    expect(await control.totals()).toMatchObject({ accepted: 1 });
  });

  it('answers late what it stalled for a time, and what it was told to be slow at', async () => {
    const { endpoint, control } = await useSes();
    const client = sdk(endpoint, 'AKIATEST', PATIENT);
    for (const kind of ['accept-then-stall', 'latency'] as const) {
      await control.fail({ kind, delayMs: 60, next: 1 });
      const start = performance.now();
      await client.send(mail('a@example.net'));
      expect(performance.now() - start).toBeGreaterThan(55);
    }
  });

  it('strikes a fraction of the sends', async () => {
    const { endpoint, control } = await useSes({ account: { maxSendRate: 1000 } });
    await control.fail({ kind: 'reject', fraction: 0.5 });
    const client = sdk(endpoint, 'AKIATEST', PATIENT);
    await Promise.allSettled(Array.from({ length: 200 }, () => client.send(mail('a@example.net'))));
    const { accepted } = await control.totals();
    expect(accepted).toBeGreaterThan(50);
    expect(accepted).toBeLessThan(150);
  });

  it('strikes only the account, the recipient or the action that it names', async () => {
    const { endpoint, control } = await useSes();
    await control.fail({ kind: 'reject', recipient: '@bad.example', message: 'Address blacklisted.' });
    await control.fail({ kind: 'pause', accessKeyId: 'AKIAOTHER' });
    await control.fail({
      kind: 'error',
      action: 'GetSendQuota',
      code: 'Throttling',
      message: 'Rate exceeded',
      next: 1,
    });
    const client = sdk(endpoint);
    expect(await failureOf(client.send(mail('a@bad.example')))).toEqual({
      name: 'MessageRejected',
      message: 'Address blacklisted.',
    });
    expect(await failureOf(sdk(endpoint, 'AKIAOTHER').send(mail('a@good.example')))).toMatchObject({
      name: 'AccountSendingPausedException',
    });
    expect(await failureOf(client.send(new GetSendQuotaCommand({})))).toMatchObject({ name: 'Throttling' });
    await client.send(new GetSendQuotaCommand({}));
    await client.send(mail('a@good.example'));
    await control.clearFailures();
    await client.send(mail('a@bad.example'));
  });

  it('takes one failure back and says how many requests it struck', async () => {
    const { endpoint, control } = await useSes();
    const other = await control.fail({ kind: 'reject', recipient: '@bad.example' });
    const id = await control.fail({ kind: 'bad-gateway' });
    const client = sdk(endpoint);
    for (const recipient of ['a@good.example', 'b@good.example']) await failureOf(client.send(mail(recipient)));
    expect(await control.lift(id)).toMatchObject({ kind: 'bad-gateway', hits: 2 });
    await client.send(mail('a@good.example'));
    expect(await failureOf(client.send(mail('a@bad.example')))).toMatchObject({ name: 'MessageRejected' });
    expect(await control.lift(other)).toMatchObject({ kind: 'reject', hits: 1 });
    await expect(control.lift(id)).rejects.toThrow(/404/);
  });

  it('says what is wrong with a rule', async () => {
    const { endpoint, control } = await useSes();
    const answer = await fetch(new URL('/_local/failures', endpoint), { method: 'POST', body: '{"kind":"nonsense"}' });
    expect(answer.status).toBe(422);
    await expect(control.fail({ kind: 'drop', fraction: 2 })).rejects.toThrow(/fraction/);
  });
});
