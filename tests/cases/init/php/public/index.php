<?php

require __DIR__ . '/../src/books.php';

header('Content-Type: application/json');
echo json_encode(books(new PDO(
    sprintf('pgsql:host=%s;port=%s;dbname=%s', getenv('DB_HOST'), getenv('DB_PORT'), getenv('DB_NAME')),
    getenv('DB_USER'),
    getenv('DB_PASSWORD'),
)));
