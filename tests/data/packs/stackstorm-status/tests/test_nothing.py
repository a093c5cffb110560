# tests are not copied
