import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PersistentMap } from '../../src/metadata/persistent-map.ts';

const keys = fc.oneof(fc.string(), fc.integer({ min: 0, max: 20 }).map(String));

it('behaves as a Map whose every version stays as it was', () => {
  const change = fc.tuple(keys, fc.option(fc.integer(), { nil: undefined }));
  fc.assert(
    fc.property(fc.array(fc.array(change)), (steps) => {
      let map = PersistentMap.empty<string, number>();
      const model = new Map<string, number>();
      const versions: [PersistentMap<string, number>, string][] = [];
      for (const step of steps) {
        map = map.with(new Map(step));
        for (const [key, value] of new Map(step)) {
          if (value === undefined) model.delete(key);
          else model.set(key, value);
        }
        versions.push([map, JSON.stringify([...model].sort())]);
        expect(map.size).toBe(model.size);
        for (const key of model.keys()) expect(map.get(key)).toBe(model.get(key));
      }
      for (const [version, text] of versions) expect(JSON.stringify([...version].sort())).toBe(text);
    }),
  );
});

it('spreads numbers as well, negative ones too', () => {
  const map = PersistentMap.empty<number, string>().with(new Map([-1, 0, 256, 5].map((n) => [n, String(n)])));
  expect([...map.keys()].sort((a, b) => a - b)).toEqual([-1, 0, 5, 256]);
  expect(map.has(-1)).toBe(true);
  expect(map.withOne(-1, undefined).has(-1)).toBe(false);
});
