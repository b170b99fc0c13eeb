/** What is said when a record cannot follow from those before it: the metadata log or a snapshot is broken. */
import { KtsError } from '../base/kts-error.ts';

export function brokenLog(what: string): KtsError {
  return new KtsError(`The metadata log is inconsistent: ${what}.`, {
    hint: 'Restore the directory of __cluster_metadata-0 from a copy, or from another controller of the cluster.',
  });
}
