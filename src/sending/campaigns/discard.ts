import { CampaignReportModel } from '../../models/campaign-report.js';
import { DeliveryModel } from '../../models/delivery.js';
import { EmailCampaignModel } from '../../models/email-campaign.js';
import { NO_IMPORT } from '../states.js';

const CHUNK = 5_000;

/** A round works so long on deleted lists, in ms; what is left is the next one's. */
const ROUND_MS = 4_000;

/**
 * Deletes what is left of campaigns that were deleted before they were launched: the recipients in chunks, then the
 * campaign itself. One that is still being imported into waits for the import's end.
 * @returns how many campaigns are gone.
 */
export async function discardDeleted(): Promise<number> {
  const until = performance.now() + ROUND_MS;
  const deleted = await EmailCampaignModel.find({ isDeleted: true, ...NO_IMPORT }, { _id: 1 }).lean();
  let gone = 0;
  for (const { _id } of deleted) {
    for (;;) {
      if (performance.now() > until) return gone;
      const found = await DeliveryModel.find({ campaign: _id }, { _id: 1 }).limit(CHUNK).lean();
      if (found.length === 0) break;
      await DeliveryModel.deleteMany({ _id: { $in: found.map((delivery) => delivery._id) } });
    }
    await CampaignReportModel.deleteOne({ _id });
    // With events still to be told it waits for the relay.
    const { deletedCount } = await EmailCampaignModel.deleteOne({
      _id,
      isDeleted: true,
      'outbox._id': { $exists: false },
    });
    gone += deletedCount;
  }
  return gone;
}
