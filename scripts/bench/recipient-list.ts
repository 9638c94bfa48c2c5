import { Types } from 'mongoose';
import { BUCKETS } from '../../src/models/delivery.js';

const CITIES = ['Berlin', 'Bonn', 'Zürich', 'Saint-Étienne', 'New York', 'Łódź', 'Graz', 'Kyōto'];
const PLANS = ['free', 'basic', 'pro'];

/** One recipient of the list that both sides of the bench add. */
function person(n: number) {
  return {
    email: `first.last${n}@mail${n % 500}.example.com`,
    name: `First Last-${n}`,
    variables: {
      city: CITIES[n % CITIES.length] ?? '',
      plan: PLANS[n % PLANS.length] ?? '',
      code: `C-${(n * 7_919) % 1_000_000}`,
    },
  };
}

/** The list as a file: `count` lines and a header. */
export function csvOf(count: number): string {
  const lines = ['email,name,city,plan,code'];
  for (let n = 0; n < count; n++) {
    const { email, name, variables } = person(n);
    lines.push(`${email},${name},${variables.city},${variables.plan},${variables.code}`);
  }
  return `${lines.join('\n')}\n`;
}

/** The list as the documents that the hub makes of it. */
export function documentsOf(count: number): object[] {
  const scope = { business: new Types.ObjectId(), campaign: new Types.ObjectId() };
  const now = new Date();
  return Array.from({ length: count }, (_, n) => {
    const { email, name, variables } = person(n);
    const state = { status: 'pending', bucket: n % BUCKETS, dueAt: now, attempts: 0, createdAt: now };
    return { _id: new Types.ObjectId(), ...scope, email, ...state, name, variables };
  });
}
