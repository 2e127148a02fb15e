// This release changes nothing of what the site keeps.
console.log('nothing to migrate');
