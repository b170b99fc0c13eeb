/** What the bench says of a figure: the ratio in the sense of its row, and whether the claim holds. */
import { describe, expect, it } from 'vitest';
import { judge, median, outcomeLine, type Row } from '../../bench/harness/rows.ts';

const row = (rest: Partial<Row>): Row => ({ key: 'k', title: 'a row', better: 'less', ratio: 'share', ...rest });

describe('a row of the bench', () => {
  it('takes the median', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
  });

  it('counts times better in the direction of the figure', () => {
    const faster = judge(row({ ratio: 'times', better: 'more', must: { ratio: 1.1 }, aim: { ratio: 1.5 } }), {
      kts: [120],
      kafka: [100],
    });
    expect([faster.ratio, faster.verdict]).toEqual([1.2, 'met']);
    const sooner = judge(row({ ratio: 'times', must: { ratio: 15 }, aim: { ratio: 30, value: 60 } }), {
      kts: [70],
      kafka: [2800],
    });
    expect([sooner.ratio, sooner.verdict]).toEqual([40, 'met']);
  });

  it('counts a share of the other figure, at most', () => {
    const limits = { must: { ratio: 0.6 }, aim: { ratio: 0.4 } };
    expect(judge(row(limits), { kts: [0.61], kafka: [1] }).verdict).toBe('MISSED');
    expect(judge(row(limits), { kts: [0.6], kafka: [1] }).verdict).toBe('met');
    expect(judge(row(limits), { kts: [0.4], kafka: [1] }).verdict).toBe('aim');
  });

  it('without Kafka judges only what stands alone', () => {
    expect(judge(row({ must: { ratio: 0.6 } }), { kts: [1] }).verdict).toBe('');
    expect(judge(row({ must: { value: 90 }, aim: { value: 60 } }), { kts: [76] }).verdict).toBe('met');
    expect(judge(row({ must: { value: 90 } }), { kts: [91] }).verdict).toBe('MISSED');
  });

  it('judges nothing that was not measured', () => {
    expect(outcomeLine(judge(row({ must: { ratio: 1 } }), { kafka: [2] }))).toMatch(/^a row +- +2 +- +<= 1$/);
  });
});
