/** Resident memory of the brokers that all loads share: taken when they were fresh, and at the end. */
import type { Row } from '../harness/rows.ts';
import type { Session } from '../harness/session.ts';

const FRESH: Row = {
  key: 'memory-fresh',
  title: 'resident memory, fresh, MB',
  better: 'less',
  ratio: 'times',
  must: { value: 90 },
  aim: { value: 60 },
};
const LOADED: Row = {
  key: 'memory-loaded',
  title: 'resident memory, after all these loads, MB',
  better: 'less',
  ratio: 'times',
  must: { value: 250 },
  aim: { value: 150 },
};

export async function memory(session: Session): Promise<void> {
  for (const broker of await session.shared()) {
    session.record(broker.name, {
      'memory-fresh': session.freshMegabytes[broker.name] as number,
      'memory-loaded': broker.residentMegabytes(),
    });
  }
  session.report([FRESH, LOADED]);
}
