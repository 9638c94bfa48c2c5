import { isMongoUp } from '../mongo.js';
import { isQueueUp } from '../queue/queues.js';
import { isRedisUp } from '../redis.js';

type State = 'up' | 'down';

/** The state of each part the hub cannot work without. Never throws. */
export async function check(): Promise<{ mongodb: State; redis: State; queue: State }> {
  const [mongodb, redis, queue] = await Promise.all([isMongoUp(), isRedisUp(), isQueueUp()]);
  const state = (isUp: boolean): State => (isUp ? 'up' : 'down');
  return { mongodb: state(mongodb), redis: state(redis), queue: state(queue) };
}
