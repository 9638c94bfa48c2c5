import express, { Router } from 'express';
import { describe } from '../middleware/validate.js';
import { ReceiveSesEvents } from '../schemas/inbound.js';
import * as service from '../services/inbound.js';

export const inbound = Router();

/** SNS says that its JSON is plain text. Its messages have at most 256 kB; as JSON within JSON they may be twice that. */
const json = express.json({ type: ['text/plain', 'application/json'], limit: '512kb', inflate: false });

inbound.post('/:token', describe(ReceiveSesEvents), json, async (req, res) => {
  await service.receive(String(req.params.token), req.body);
  res.json({ success: true });
});
