import fs from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { APIS } from '../../src/protocol/apis.ts';
import { apiVersionsRequest, apiVersionsResponse } from '../../src/protocol/messages/api-versions.ts';
import { Home } from './node-harness.ts';

const home = new Home();

afterAll(() => home.remove());

it('docs/skipped.md names every API of a broker that is not advertised, and no other', async () => {
  const text = fs.readFileSync(new URL('../../docs/skipped.md', import.meta.url), 'utf8');
  const rows = text.split('\n').filter((line) => /^\| [A-Z]/.test(line) && !line.startsWith('| APIs'));
  const skipped = rows.flatMap((row) => (row.split('|')[1] as string).split(',').map((name) => name.trim()));
  const node = await home.start();
  const { apiKeys } = await node.call(apiVersionsRequest, apiVersionsResponse, 0, {});
  const advertised = new Set(apiKeys.map(({ apiKey }) => apiKey));
  const missing = APIS.filter(({ key, request }) => request.listeners.includes('broker') && !advertised.has(key));
  expect(skipped.sort()).toEqual(missing.map(({ name }) => name).sort());
});
