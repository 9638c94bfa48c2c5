import { SesError } from '../errors.js';

/** SNS's refusals, by the names the SDK gives them without "Exception". */
export const invalid = (what: string) => new SesError('InvalidParameter', `Invalid parameter: ${what}`);
export const notFound = (what: 'Topic' | 'Subscription') => new SesError('NotFound', `${what} does not exist`, 404);
