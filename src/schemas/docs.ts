import { z } from 'zod';
import { operation } from './operation.js';

export const GetOpenApi = operation({
  summary: 'This documentation as an OpenAPI 3.1 document',
  answersWith: 'application/json',
  answer: { openapi: z.string().meta({ example: '3.1.1' }), info: z.looseObject({}), paths: z.looseObject({}) },
});

export const GetDocs = operation({
  summary: 'This documentation as a page',
  answersWith: 'text/html',
  answer: {},
});
