// All suites of this folder are for one mesh that they share. The last of them looks for secrets in
// whatever any of them has done to it.

import './access.suite.js';
import './incidents.suite.js';
import './input.suite.js';
import './isolation.suite.js';
import './pages.suite.js';
import './removals.suite.js';
import './secrets.suite.js';
import './signed.suite.js';
import './statements.suite.js';
