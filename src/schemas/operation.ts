import { z } from 'zod';

/**
 * What one endpoint takes and answers. The same object validates the request, types the handler and becomes the
 * OpenAPI document.
 */
export interface Operation {
  /** One line for the person who reads the documentation. */
  summary: string;
  description?: string;
  params?: z.ZodObject;
  query?: z.ZodObject;
  body?: z.ZodType;
  /** The largest JSON body, e.g. `1mb`; 256 kB where absent. */
  bodyLimit?: string;
  /** Media types beside JSON that the handler reads from the request's stream by itself. */
  streams?: readonly string[];
  /** A POST that creates or sends: with an Idempotency-Key it does so once, however often it comes. */
  idempotent?: true;
  /** The success status; 200 where absent. */
  status?: 200 | 201 | 202 | 302;
  /** The media type of an answer that is not `{ success: true, ... }`: a page, a file, or JSON in a form of its own. */
  answersWith?: 'text/html' | 'text/csv' | 'image/gif' | 'application/json';
  /** What stands in the answer beside `success: true`. */
  answer: z.ZodRawShape;
}

export const operation = <const O extends Operation>(op: O): O => op;

type Parsed<S> = S extends z.ZodType ? z.output<S> : undefined;

/** The validated input of an operation. */
export interface Input<O extends Operation> {
  params: Parsed<O['params']>;
  query: Parsed<O['query']>;
  body: Parsed<O['body']>;
}

export type Answer<O extends Operation> = z.output<z.ZodObject<O['answer']>>;

const HEX_ID = /^[0-9a-f]{24}$/;

/** An id on the wire: 24 hexadecimal digits. */
export const Id = z
  .string()
  .regex(HEX_ID, 'must be an id: 24 hexadecimal digits')
  .meta({ id: 'Id', description: '24 hexadecimal digits', example: '665f1c2ab7d04e0012a4c9d1' });

export const ById = z.strictObject({ id: Id });

/** A point in time on the wire; an offset is required. */
export const Timestamp = z.iso
  .datetime({ offset: true, error: 'must be a timestamp with seconds and an offset, e.g. 2026-12-24T09:00:00+01:00' })
  .meta({ example: '2026-12-24T09:00:00+01:00' });

export const PageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().min(1).max(512).optional(),
});

export const Pagination = z
  .object({ nextCursor: z.string().nullable(), hasMore: z.boolean() })
  .meta({ id: 'Pagination' });
