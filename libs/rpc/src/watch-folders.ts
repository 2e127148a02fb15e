import { type FSWatcher, watch } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Calls back when something has changed in the folders of these files, until the returned function
 * is called.
 *
 * The folder, not the file: files are replaced by renaming, and those of Kubernetes by a link beside
 * them. It is a hint alone: where folders cannot be watched, nothing is told.
 */
export function watchFolders(files: readonly string[], callback: () => void): () => void {
  const watchers = [...new Set(files.map((file) => dirname(file)))].flatMap((folder) => {
    try {
      const watcher = watch(folder, { persistent: false }, callback);
      watcher.on('error', () => watcher.close());
      return [watcher];
    } catch {
      return [] as readonly FSWatcher[];
    }
  });
  return () => {
    for (const watcher of watchers) watcher.close();
  };
}
