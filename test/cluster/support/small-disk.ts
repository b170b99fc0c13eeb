/** A tmpfs of a given size, and a file in it that takes what is left. Needs root and Linux. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';

export class SmallDisk {
  readonly path: string;

  private constructor(at: string) {
    this.path = at;
  }

  /** A disk, or why there is none. */
  static mount(megabytes: number): SmallDisk | string {
    if (process.platform !== 'linux') return 'a tmpfs of a given size needs Linux';
    if (process.getuid?.() !== 0) return 'mounting a tmpfs needs root';
    const at = fs.mkdtempSync(path.join(os.tmpdir(), 'kts-small-disk-'));
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', at], { encoding: 'utf8' });
    if (mounted.status === 0) return new SmallDisk(at);
    fs.rmdirSync(at);
    return `mount failed: ${mounted.stderr.trim()}`;
  }

  fill(): void {
    const { bavail, bsize } = fs.statfsSync(this.path);
    // At once: the drill itself must not stand still meanwhile.
    spawnSync('fallocate', ['-l', String(Math.max(bsize, (bavail - 256) * bsize)), path.join(this.path, 'hog')]);
    const hog = fs.openSync(path.join(this.path, 'hog'), 'a');
    for (const size of [1 << 16, 1 << 12]) {
      try {
        for (;;) fs.writeSync(hog, Buffer.alloc(size, 1));
      } catch (error) {
        if ((error as { code?: string }).code !== 'ENOSPC') throw error;
      }
    }
    fs.closeSync(hog);
  }

  free(): void {
    fs.rmSync(path.join(this.path, 'hog'), { force: true });
  }

  unmount(): void {
    spawnSync('umount', ['-l', this.path]);
    fs.rmSync(this.path, { recursive: true, force: true });
  }
}
