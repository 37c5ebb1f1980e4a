// A ConfigMap as a kubelet mounts it, and the dance with which it brings a change: files in a directory named after the
// moment, `..data` a symlink to it that a rename exchanges, what containers see symlinks through that one, and the old
// directory gone at once.

import { chmod, mkdir, mkdtemp, readdir, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const DATA = '..data';

export class ConfigMapVolume {
  /** What is mounted. */
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async create(path: string, data: Readonly<Record<string, string>>): Promise<ConfigMapVolume> {
    await mkdir(path, { recursive: true });
    await chmod(path, 0o755);
    const volume = new ConfigMapVolume(path);
    await volume.update(data);
    return volume;
  }

  /** All at once, or not at all, for whoever looks. */
  async update(data: Readonly<Record<string, string>>): Promise<void> {
    const old = await readlink(join(this.path, DATA)).catch(() => null);
    const fresh = await this.#write(data);
    await symlink(fresh, join(this.path, '..data_tmp'));
    await rename(join(this.path, '..data_tmp'), join(this.path, DATA));
    await this.#show(Object.keys(data));
    if (old !== null) await rm(join(this.path, old), { recursive: true });
  }

  /** Name of the new directory, with the files in it. */
  async #write(data: Readonly<Record<string, string>>): Promise<string> {
    const moment = new Date().toISOString().replaceAll(/[-:T]/g, '_');
    const directory = await mkdtemp(join(this.path, `..${moment}.`));
    await chmod(directory, 0o755);
    for (const [name, text] of Object.entries(data)) await writeFile(join(directory, name), text, { mode: 0o644 });
    return directory.slice(this.path.length + 1);
  }

  async #show(names: readonly string[]): Promise<void> {
    const shown = (await readdir(this.path)).filter((name) => !name.startsWith('..'));
    for (const name of names.filter((each) => !shown.includes(each))) {
      await symlink(join(DATA, name), join(this.path, name));
    }
    for (const name of shown.filter((each) => !names.includes(each))) await rm(join(this.path, name));
  }
}
