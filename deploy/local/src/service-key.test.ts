import assert from 'node:assert/strict';
import { makeServiceKey } from './service-key.js';

describe('the key of a service', () => {
  it('has its prefix, and digits that anybody may check', () => {
    assert.match(makeServiceKey(), /^ramet_service_[0-9A-Za-z]{36}$/);
  });

  it('is another each time', () => {
    assert.notEqual(makeServiceKey(), makeServiceKey());
  });
});
