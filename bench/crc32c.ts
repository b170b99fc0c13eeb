/** The checksum from tables and from the native package, per call. Run: npx node bench/crc32c.ts */
import { nativeCrc } from '../src/protocol/compression-native.ts';
import { crc32c, crc32cOfTables } from '../src/protocol/crc32c.ts';
import { measure, row } from './measure.ts';

const native = nativeCrc();
for (const size of [61, 150, 300, 400, 500, 1000, 4096, 65_536, 1 << 20]) {
  const bytes = Buffer.from(Array.from({ length: size + 21 }, (_, i) => (i * 7919) & 0xff));
  row(
    `tables, ${size} B`,
    measure(() => crc32cOfTables(bytes, 21, bytes.length)),
  );
  if (native !== null)
    row(
      `native, ${size} B`,
      measure(() => native.crc32c(bytes.subarray(21))),
    );
  row(
    `crc32c, ${size} B`,
    measure(() => crc32c(bytes, 21, bytes.length)),
  );
}
