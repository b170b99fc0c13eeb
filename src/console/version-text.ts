/** What `--version` prints in the own manner. */
import { KAFKA_VERSION, KTS_VERSION } from '../base/versions.ts';

export function versionText(): string {
  return `kts ${KTS_VERSION} (Apache Kafka ${KAFKA_VERSION})\n`;
}
