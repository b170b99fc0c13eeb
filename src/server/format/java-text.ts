/** Values as Java's toString prints them, where Kafka's tools let it through. */
import type { MetadataRecord } from '../../metadata/records.ts';

/** Signed, as Java's bytes are. */
function bytesText(bytes: Uint8Array): string {
  return `[${Array.from(bytes, (byte) => (byte << 24) >> 24).join(', ')}]`;
}

function recordText(record: MetadataRecord): string {
  if (record.type === 'featureLevel') {
    return `FeatureLevelRecord(name='${record.value.name}', featureLevel=${record.value.featureLevel})`;
  }
  if (record.type === 'userScramCredential') {
    const { name, mechanism, salt, storedKey, serverKey, iterations } = record.value;
    return (
      `UserScramCredentialRecord(name='${name}', mechanism=${mechanism}, salt=${bytesText(salt)}, ` +
      `storedKey=${bytesText(storedKey)}, serverKey=${bytesText(serverKey)}, iterations=${iterations})`
    );
  }
  return `${record.type}(${JSON.stringify(record.value)})`;
}

export function bootstrapMetadataText(records: readonly MetadataRecord[], metadataVersion: number): string {
  const texts = records.map((record) => `ApiMessageAndVersion(${recordText(record)} at version ${record.version})`);
  return `BootstrapMetadata(records=[${texts.join(', ')}], metadataVersionLevel=${metadataVersion}, source=format command)`;
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `Sat Nov 21 16:25:44 UTC 2026`, the line that Java puts on top of a properties file. */
export function javaDate(nowMs: number): string {
  const date = new Date(nowMs);
  const two = (n: number): string => String(n).padStart(2, '0');
  const time = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(two).join(':');
  const day = `${DAYS[date.getUTCDay()]} ${MONTHS[date.getUTCMonth()]} ${two(date.getUTCDate())}`;
  return `${day} ${time} UTC ${date.getUTCFullYear()}`;
}
