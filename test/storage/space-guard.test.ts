import { describe, expect, it } from 'vitest';
import { ErrorCode } from '../../src/protocol/error-codes.ts';
import { RESERVED_BYTES, SpaceGuard } from '../../src/storage/space-guard.ts';
import { LineLogger } from './support.ts';

const MB = 1024 * 1024;

function disk(usableBytes: number) {
  const logger = new LineLogger();
  const state = { usableBytes, asked: 0 };
  const freeBytesSync = () => {
    state.asked++;
    return { totalBytes: 1 << 30, usableBytes: state.usableBytes };
  };
  return { state, logger, guard: new SpaceGuard({ freeBytesSync }, '/data', logger) };
}

const refused = expect.objectContaining({ code: ErrorCode.KAFKA_STORAGE_ERROR });

describe('the reserve of a disk', () => {
  it('is never taken, whatever the sizes of the appends', () => {
    const { state, guard } = disk(200 * MB);
    const sizes = [100, 16_384, 1 * MB, 70, 300_000];
    let taken = 0;
    for (let n = 0; ; n++) {
      const size = sizes[n % sizes.length] as number;
      try {
        guard.admit(size);
      } catch (error) {
        expect(error).toEqual(refused);
        break;
      }
      taken += size;
      state.usableBytes -= size;
    }
    expect(state.usableBytes).toBeGreaterThanOrEqual(RESERVED_BYTES);
    expect(state.usableBytes).toBeLessThan(RESERVED_BYTES + 1 * MB);
    expect(state.asked).toBeLessThan(40);
    expect(taken).toBeGreaterThan(190 * MB);
  });

  it('is said once, and so is that there is space again', () => {
    const { state, logger, guard } = disk(RESERVED_BYTES + 10);
    guard.admit(10);
    for (let n = 0; n < 3; n++) expect(() => guard.admit(11)).toThrow(refused);
    expect(logger.lines).toEqual([expect.stringMatching(/^ERROR The disk of log directory \/data is full/)]);
    state.usableBytes = 100 * MB;
    guard.admit(11);
    guard.admit(11);
    expect(logger.lines.slice(1)).toEqual(['INFO There is space again in /data: records are taken']);
  });

  it('is left to the writes where the system cannot tell', () => {
    const logger = new LineLogger();
    const unknown = new SpaceGuard({ freeBytesSync: () => ({ totalBytes: 0, usableBytes: 0 }) }, '/data', logger);
    unknown.admit(1000);
    const gone = () => {
      throw Object.assign(new Error('gone'), { code: 'ENOENT' });
    };
    new SpaceGuard({ freeBytesSync: gone }, '/data', logger).admit(1000);
    expect(logger.lines).toEqual([]);
  });

  it('costs a full disk one question for each try, and a large one few', () => {
    const { state, guard } = disk(1 << 30);
    for (let n = 0; n < 1000; n++) guard.admit(64 * 1024);
    expect(state.asked).toBe(1);
  });
});
