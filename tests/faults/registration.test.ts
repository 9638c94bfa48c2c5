import { describe, expect, it } from 'vitest';
import { findFreePort } from '../../src/embedded/free-port.js';
import { BusinessModel } from '../../src/models/business.js';
import { UserModel } from '../../src/models/user.js';
import { unique } from '../support/factories.js';
import { useHub } from '../support/hub.js';
import { useMongoCut } from '../support/mongo-cut.js';
import { useProcesses } from '../support/processes.js';

useHub();
const start = useProcesses();
const wayToMongo = useMongoCut();

async function api(env: NodeJS.ProcessEnv = {}) {
  const port = await findFreePort();
  const running = start('server', { PORT: String(port), ...env });
  await running.ready;
  const post = async (path: string, body: object) => {
    const answer = await fetch(`http://127.0.0.1:${port}/api/auth/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { status: answer.status, body: await answer.json() };
  };
  return { ...running, post };
}

function someone() {
  const name = unique('biz');
  return {
    businessName: `Business ${name}`,
    domain: `${name}.test`,
    email: `admin@${name}.test`,
    password: 'Test123!',
    name: 'Admin',
  };
}

/** One user, one business, and they belong together. */
async function expectWhole({ domain, email }: ReturnType<typeof someone>): Promise<void> {
  const [users, businesses] = [await UserModel.find({ email }).lean(), await BusinessModel.find({ domain }).lean()];
  expect(users).toHaveLength(1);
  expect(businesses.map(({ _id }) => String(_id))).toEqual([String(users[0]?.business)]);
  expect(users[0]?.founding).toBeUndefined();
}

describe('registration', () => {
  it('of one domain and address by two hundred at once is one’s', { timeout: 300_000 }, async () => {
    const [one, other] = [await api(), await api()];
    const person = someone();
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, n) => (n % 2 ? one : other).post('register', person)),
    );
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([201, ...Array.from({ length: 199 }, () => 409)]);
    await expectWhole(person);
  });

  it.each([
    ['before', 'insert', 'users'],
    ['after', 'insert', 'users'],
    ['before', 'insert', 'businesses'],
    ['after', 'insert', 'businesses'],
  ] as const)(
    'killed with kill -9 %s the %s of %s leaves no half',
    { timeout: 90_000 },
    async (side, command, name) => {
      const cut = await wayToMongo(String(process.env.MONGODB_URI));
      const person = someone();
      const first = await api({ MONGODB_URI: cut.uri });
      const reached = cut.at(side, command, name);
      const answered = first.post('register', person).catch(() => undefined);
      await reached;
      first.child.kill('SIGKILL');
      await first.ended;
      expect(await answered).toBeUndefined();

      const second = await api();
      const isWritten = side === 'after' || name === 'businesses';
      expect((await second.post('register', person)).status).toBe(isWritten ? 409 : 201);
      const login = await second.post('login', { email: person.email, password: person.password });
      expect(login.body).toMatchObject({ success: true, business: { domain: person.domain } });
      await expectWhole(person);
    },
  );
});
