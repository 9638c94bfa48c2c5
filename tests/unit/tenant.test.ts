import { Types } from 'mongoose';
import { describe, expect, it } from 'vitest';
import { owned, type Tenant } from '../../src/tenant.js';

describe('the tenant’s scope', () => {
  it('is part of every filter, and no filter can take its place', () => {
    const businessId = new Types.ObjectId();
    const other = { name: 'n', business: new Types.ObjectId() };
    expect(owned({ businessId }, other)).toEqual({ name: 'n', business: businessId });
  });

  it.each([undefined, null, {}, { businessId: undefined }])('fails where there is none: %j', (tenant) => {
    expect(() => owned(tenant as unknown as Tenant, {})).toThrow('A tenant is needed for this query');
  });
});
