import { Types } from 'mongoose';
import { signClick, signOpen, signUnsubscribe } from '../../../src/tracking/tokens.js';
import { tracked } from '../tracked.js';
import type { Case, Cases } from './case.js';
import type { Scene } from './scene.js';
import { addressOf } from './things.js';

interface Message {
  businessId: Types.ObjectId;
  deliveryId: Types.ObjectId;
  email: string;
}

/** A call by the link of a message; crossed, by a link in another business's name. */
function by(sign: (message: Message) => string): Pick<Case, 'needs' | 'make' | 'cross'> {
  const call = async (signer: Scene, of: Scene) => {
    const { id: deliveryId } = await tracked(of, [`https://${of.domain}/${of.word}`], { email: addressOf(of) });
    // The address as the signer has it: an unsubscribe link shows what it carries.
    const token = sign({ businessId: new Types.ObjectId(signer.businessId), deliveryId, email: addressOf(signer) });
    return { params: { token } };
  };
  return {
    needs: 'link',
    make: (scene) => call(scene, scene),
    cross: async (own, other) => [await call(own, other)],
  };
}

const click = (message: Message) => signClick({ ...message, number: 0 });

export const links: Cases = {
  'GET /t/o/{token}': by(signOpen),
  'GET /t/c/{token}': by(click),
  'GET /u/{token}': by(signUnsubscribe),
  'POST /u/{token}': by(signUnsubscribe),
};
